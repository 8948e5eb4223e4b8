/** The way back from a sync, seen through the executable. */
import { deepEqual, equal, match } from "node:assert/strict";
import { commit } from "../support/repositories.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";

Deno.test("smart-sync goes back over commits for which nothing was replaced, and forward again", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second, directory } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  await machine.expect(0);
  // Another commit of the same files.
  const same = await commit(directory, { from: second, message: "Nothing", changes: [] });
  await machine.expect(0, ["--ref", same]);
  await machine.expectCommit(second);
  await machine.expect(0, ["--rollback"]);
  equal(machine.stateCommit, first);
  await machine.expectCommit(first);
  await machine.expect(0, ["--rollback"]);
  equal(machine.stateCommit, same);
  await machine.expectCommit(second);
});

Deno.test("smart-sync goes back although something else was edited since, which stays as it is", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;
  const { tree } = machine;
  const [kept, removed, edited] = ["deep/a/b/c/d/e/f/g.txt", "binary.bin", "README.md"];
  await machine.expect(0, ["--ref", first]);
  // Gone in the second commit: it stays there, and on the way there again.
  await Deno.writeTextFile(`${tree}/${kept}`, "mine\n");
  await machine.expect(0);
  const untouched = "long/" + [...Deno.readDirSync(`${tree}/long`)][0]!.name;
  await Deno.writeTextFile(`${tree}/${untouched}`, "mine\n");
  await Deno.remove(`${tree}/${removed}`);
  await Deno.writeTextFile(`${tree}/${edited}`, "mine\n");

  const back = await machine.summary(["--rollback"]);
  deepEqual(back.edited, [edited]);
  deepEqual(back.kept, [removed, untouched].sort());
  equal(await Deno.readTextFile(`${machine.root}${back.backup}/${edited}`), "mine\n");
  const ignore = [kept, removed, untouched];
  await machine.expectCommit(first, ignore);
  match(
    (await machine.expect(0, ["--rollback"])).stdout,
    /changed since then.*: binary\.bin, deep/,
  );
  await machine.expectCommit(second, [...ignore, edited]);
  for (const path of [kept, untouched, edited]) {
    equal(await Deno.readTextFile(`${tree}/${path}`), "mine\n");
  }
});

Deno.test("smart-sync does not go back where only a look was asked for, or another commit", async () => {
  await using machine = await SyncedMachine.start();
  await machine.expect(0, ["--ref", machine.repository.first]);
  await machine.expect(0);
  const before = snapshotTree(`${machine.root}/etc`);
  for (const other of ["--check-only", "--dry-run", "--ref=v1", "--no-signed-by"]) {
    const { stderr } = await machine.expect(4, ["--rollback", other]);
    match(stderr, / goes with a sync, not with --rollback/);
    equal(diffTrees(before, snapshotTree(`${machine.root}/etc`)), "", other);
  }
});

Deno.test("smart-sync does not make a tree of what the last sync replaced", async () => {
  await using machine = await SyncedMachine.start();
  await machine.expect(0, ["--ref", machine.repository.first]);
  await machine.expect(0);
  await Deno.remove(machine.tree, { recursive: true });
  match((await machine.expect(6, ["--rollback"])).stderr, /src is gone, and only what/);
  equal(machine.hasTree, false);
});
