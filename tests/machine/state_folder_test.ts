import assert from "node:assert/strict";
import { ensureStateFolder, stateFolderProblem } from "../../lib/machine/state_folder.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { testContext } from "../support/context.ts";
import { isRoot } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { assertSameTree, snapshotTree } from "../support/tree.ts";

const STATE = "/var/lib/hyper-nixos";

Deno.test("ensureStateFolder() makes the folders for their owner alone, and is content with them", () => {
  using machine = scratchMachine("rented");
  const ctx = testContext({ root: machine.root });
  ensureStateFolder(ctx);
  ensureStateFolder(ctx);
  for (const folder of ["", "/receipts", "/backups", "/passwords"]) {
    assert.equal(Deno.statSync(machine.host(STATE + folder)).mode! & 0o777, 0o700);
  }
  assert.equal(stateFolderProblem(ctx), undefined);
});

Deno.test("stateFolderProblem() looks without changing anything", () => {
  using machine = scratchMachine("rented");
  const before = snapshotTree(machine.root);
  assert.equal(stateFolderProblem(testContext({ root: machine.root })), undefined);
  assertSameTree(before, snapshotTree(machine.root));
});

Deno.test("ensureStateFolder() refuses a folder that others can write, with exit 3", () => {
  for (const mode of [0o777, 0o770]) {
    using machine = scratchMachine("rented", { stateFolderMode: mode });
    const ctx = testContext({ root: machine.root });
    assert.throws(() => ensureStateFolder(ctx), (error: unknown) => {
      assert.ok(error instanceof ToolError);
      assert.equal(error.code, 3);
      assert.match(error.message, /hyper-nixos can be written by others than root$/);
      assert.match(error.hint ?? "", /chmod 0700/);
      return true;
    });
    assert.ok(!machine.exists(`${STATE}/passwords`));
  }
});

Deno.test("ensureStateFolder() takes away what others could read", () => {
  using machine = scratchMachine("rented", { stateFolderMode: 0o755 });
  ensureStateFolder(testContext({ root: machine.root }));
  assert.equal(Deno.statSync(machine.host(STATE)).mode! & 0o777, 0o700);
});

Deno.test("ensureStateFolder() refuses a folder of somebody else", { ignore: !isRoot }, () => {
  using machine = scratchMachine("rented", { stateFolderOwner: 1000 });
  assert.throws(
    () => ensureStateFolder(testContext({ root: machine.root })),
    /hyper-nixos belongs to user 1000, not to root/,
  );
});

Deno.test("ensureStateFolder() refuses a parent that others can write", () => {
  using machine = scratchMachine("rented");
  Deno.chmodSync(machine.host("/var/lib"), 0o777);
  assert.throws(
    () => ensureStateFolder(testContext({ root: machine.root })),
    /\/var\/lib can be written by others/,
  );
});

Deno.test("ensureStateFolder() refuses a link or a file in its place", () => {
  for (
    const make of [
      Deno.symlinkSync.bind(null, "/tmp"),
      (path: string) => Deno.writeTextFileSync(path, ""),
    ]
  ) {
    using machine = scratchMachine("rented");
    make(machine.host(STATE));
    assert.throws(
      () => ensureStateFolder(testContext({ root: machine.root })),
      /hyper-nixos is not a folder/,
    );
  }
});
