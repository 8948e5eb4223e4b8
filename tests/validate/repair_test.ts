import { deepEqual, equal, rejects } from "node:assert/strict";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { type Check, pass } from "../../lib/validate/check.ts";
import { repair } from "../../lib/validate/repair.ts";
import type { CheckResult } from "../../lib/validate/validate.ts";
import { testContext } from "../support/context.ts";

function result(
  id: string,
  status: CheckResult["status"],
  fix?: Check["fix"],
): CheckResult {
  const check: Check = {
    id,
    group: "Core Directories",
    title: id,
    severity: "error",
    quick: true,
    blocksUpdate: false,
    check: () => pass("fine"),
    ...(fix ? { fix } : {}),
  };
  return { check, status, detail: "", milliseconds: 0 };
}

const change = (what: string) => () => [{ what, before: "0777", after: "0755" }];

Deno.test("repair() goes on after one that fails, in the report's order, and leaves what is well", async () => {
  const repairs = await repair(testContext(), {
    quick: true,
    results: [
      result("well", "pass", change("never")),
      result("skipped", "skip", change("never")),
      result("by hand", "fail"),
      result("refused", "fail", () => {
        throw new ToolError("it belongs to somebody");
      }),
      result("gone", "fail", () => {
        throw new Deno.errors.NotFound("no such file");
      }),
      result("good", "warn", change("/etc")),
    ],
  });
  deepEqual(repairs.map(({ result, changes, error }) => [result.check.id, changes.length, error]), [
    ["refused", 0, "it belongs to somebody"],
    ["gone", 0, "no such file"],
    ["good", 1, undefined],
  ]);
});

Deno.test("repair() takes no bug for a repair that failed, and ends when it is told to", async () => {
  const bug = result("bug", "fail", () => {
    throw new TypeError("x is not a function");
  });
  await rejects(repair(testContext(), { quick: true, results: [bug] }), TypeError);
  const ctx = testContext();
  const stopped = result("stopped", "fail", () => {
    ctx.abort(new Error("TERM"));
    throw new Deno.errors.Interrupted("stopped");
  });
  let later = 0;
  const next = result("next", "fail", () => (later++, []));
  await rejects(repair(ctx, { quick: true, results: [stopped, next] }), /TERM/);
  equal(later, 0);
});
