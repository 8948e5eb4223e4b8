import { deepEqual } from "node:assert/strict";
import { passwordlessDoas } from "../../lib/validate/doas.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

for (
  const [line, expected] of [
    ["permit nopass keepenv root", ["root: ALL"]],
    ["permit persist :wheel", []],
    ["permit nopass :wheel", [":wheel: ALL"]],
    ["\tpermit  nopass  keepenv alice", ["alice: ALL"]],
    ["permit nopass alice as root", ["alice: ALL"]],
    ["permit nopass alice as postgres cmd psql", ["alice: psql (not as root)"]],
    ["permit keepenv nopass setenv { -ENV PS1=$DOAS_PS1 nopass } bob", ["bob: ALL"]],
    ["permit setenv { nopass } bob", []],
    ['permit nopass :root-helpers cmd /bin/x args -a "b c"', [":root-helpers: /bin/x -a b c"]],
    ['permit nopass "the admin" # as root', ["the admin: ALL"]],
    ["permit nopass \\\n  alice", ["alice: ALL"]],
    ["# permit nopass alice", []],
    ["deny nopass alice", []],
    ["permit nopass alice\r", ["alice: ALL"]],
    ["permit nopass", []],
    ["permit nopass nopass", []],
  ] as const
) {
  Deno.test(`passwordlessDoas() reads ${JSON.stringify(line)}`, async () => {
    await withScratch({ "etc/doas.conf": `${line}\n` }, (root) => {
      const rules = passwordlessDoas(testContext({ root }));
      deepEqual(
        rules.map(({ who, command, asRoot }) =>
          `${who}: ${command}${asRoot ? "" : " (not as root)"}`
        ),
        expected,
      );
    });
  });
}

Deno.test("passwordlessDoas() of a machine without doas", () =>
  withScratch({}, (root) => deepEqual(passwordlessDoas(testContext({ root })), [])));
