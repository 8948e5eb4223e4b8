import { equal, match, ok } from "node:assert/strict";
import { until } from "../support/until.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";

Deno.test("smart-sync installs, updates and goes back, through every kind of change", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;

  const installed = await machine.summary(["--ref", "v1"]);
  await machine.expectCommit(first);
  equal(installed.commit, first);
  // The ref, the archive and where it is, the commit, its folders, and two files that the archive lacks.
  equal(installed.requests, 6);
  equal(installed.counts.updated, 0);
  equal(installed.submodules.join(), "vendor");

  const updated = await machine.summary();
  await machine.expectCommit(second);
  equal(updated.previousCommit, first);
  equal(updated.transport, "git deltas");
  equal(updated.requests, 2);
  equal(updated.edited.join(), "");
  equal(updated.kept.join(), "");
  equal(machine.stateCommit, second);

  const unchanged = await machine.summary();
  equal(unchanged.changed, false);
  equal(unchanged.requests, 1);

  const back = await machine.summary(["--rollback"]);
  equal(back.to, first);
  await machine.expectCommit(first);
  equal(machine.stateCommit, first);
  await machine.expect(0, ["--rollback"]);
  await machine.expectCommit(second);
});

Deno.test("smart-sync reads no file again once the index knows it", async () => {
  await using machine = await SyncedMachine.start();
  await machine.expect(0);
  await nextSecond(machine.tree);
  ok((await machine.summary()).counts.hashed > 10);
  const clean = await machine.summary();
  equal(clean.counts.hashed, 0);
  equal(clean.requests, 1);
});

Deno.test("smart-sync says what it did in a table, and that nothing is to do", async () => {
  await using machine = await SyncedMachine.start();
  const { stdout } = await machine.expect(0, ["--verbose"]);
  match(stdout, /\[smart-sync\] synced to main/);
  match(stdout, /files checked +0/);
  match(stdout, /transport +archive, then git files: /);
  match((await machine.expect(0)).stdout, /up to date: all 27 files/);
});

/** Waits until the file system's clock shows another second: times are no finer. */
async function nextSecond(folder: string): Promise<void> {
  const now = () => {
    const path = Deno.makeTempFileSync({ dir: `${folder}/../..` });
    const time = Deno.statSync(path).mtime!.getTime();
    Deno.removeSync(path);
    return time;
  };
  const second = Math.floor(now() / 1000);
  await until("another second", () => Math.floor(now() / 1000) > second || undefined);
}
