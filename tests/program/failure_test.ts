import { deepEqual, equal, match } from "node:assert/strict";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { reportFailure } from "../../lib/program/failure.ts";
import { testContext } from "../support/context.ts";

Deno.test("reportFailure() takes what disks and kernels refuse for no bug", () => {
  for (
    const [number, code, words] of [
      [5, 1, /^a disk failed: /],
      [16, 1, /^the system refused: /],
      [24, 1, /^the system refused: /],
      [28, 1, /^the disk is full: /],
      [30, 3, /^a file system is read-only: /],
    ] as const
  ) {
    const { log, lines } = testContext();
    const failure = reportFailure(new Error(`Whatever (os error ${number}): rename 'a'`), log);
    equal(failure.code, code);
    match(failure.message, words);
    match(failure.hint ?? "", /run it again|remount it/);
    equal(lines[0]?.text, failure.message);
  }
  const { log } = testContext();
  match(reportFailure(new Error("undefined is not a function"), log).message, /this is a bug/);
});

Deno.test("reportFailure() tells what ended the run, not that cleaning up failed after it", () => {
  const { log, lines } = testContext();
  const cause = new ToolError("the machine has no root file system", { code: 6 });
  const failed = () => {
    using _folder = {
      [Symbol.dispose]() {
        throw new Error("Input/output error (os error 5): remove '/tmp/x'");
      },
    };
    throw cause;
  };
  let caught: unknown;
  try {
    failed();
  } catch (error) {
    caught = error;
  }
  equal(reportFailure(caught, log).code, 6);
  deepEqual(lines.map(({ level }) => level), ["debug", "error"]);
  equal(lines[1]?.text, cause.message);
});
