import assert from "node:assert/strict";
import { folded, type RunningDifference } from "../../../lib/install/plan/running_differences.ts";

Deno.test("folded() tells many of one kind as one, and few of them one by one", () => {
  const account = (name: string): RunningDifference => ({
    text: `the account ${name} is new`,
    alike: { told: "accounts are new", name },
  });
  const name: RunningDifference = { text: "the host name: a was read, b runs" };
  const names = ["ana", "bo", "cy", "di", "eli", "fay", "gus"];
  assert.deepEqual(folded([name, ...names.map(account)]), [
    name.text,
    "7 accounts are new: ana, bo, cy, di, eli and 2 more",
  ]);
  assert.deepEqual(
    folded(names.slice(0, 3).map(account)),
    names.slice(0, 3).map((name) => account(name).text),
  );
  assert.deepEqual(folded([]), []);
});
