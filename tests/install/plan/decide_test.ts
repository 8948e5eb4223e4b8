import { deepEqual, equal, rejects } from "node:assert/strict";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { collect, type Decided, isSame } from "../../../lib/install/plan/decide.ts";

function decided(hostName: string, users: string[], stateVersion?: string): Decided {
  const found = <T>(value: T) => ({ value, source: crypto.randomUUID() });
  return {
    hostName: found(hostName),
    chosen: { users: users.map((name) => ({ name })) },
    stateVersion: stateVersion === undefined ? undefined : found(stateVersion),
    blockers: [],
  } as unknown as Decided;
}

Deno.test("isSame() compares what a plan is made of, not where it was found", () => {
  equal(isSame(decided("a", ["b", "c"], "24.05"), decided("a", ["b", "c"], "24.05")), true);
  const other = [
    decided("x", ["b", "c"], "24.05"),
    decided("a", ["b"], "24.05"),
    decided("a", ["c", "b"], "24.05"),
    decided("a", ["b,c"], "24.05"),
    decided("a", ["b", "c"]),
    decided("a", ["b", "c"], "23.11"),
  ];
  for (const one of other) equal(isSame(decided("a", ["b", "c"], "24.05"), one), false);
});

Deno.test("collect() keeps what a person can meet, and lets a bug through", async () => {
  const blockers: ToolError[] = [];
  equal(await collect(blockers, () => Promise.resolve(3)), 3);
  const error = new ToolError("no", { hint: "do it" });
  equal(await collect(blockers, () => Promise.reject(error)), undefined);
  deepEqual(blockers, [error]);
  await rejects(() => collect(blockers, () => Promise.reject(new TypeError("bug"))), TypeError);
  equal(blockers.length, 1);
});
