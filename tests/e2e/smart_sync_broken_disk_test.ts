/** Disks that fail at a chosen call of strace(1), and what the fault campaign found besides. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { recoverSourceTree } from "../../lib/machine/tree/tree_recovery.ts";
import type { Strike } from "../campaign/strike.ts";
import { type StruckRun, struckRun } from "../campaign/struck_run.ts";
import { testContext } from "../support/context.ts";
import { hasCommand, isRoot, need } from "../support/needs.ts";
import { type Change, commit } from "../support/repositories.ts";
import { localListing, SyncedMachine } from "../sync/synced_machine.ts";

const canTrace = isRoot && need(
  hasCommand("strace"),
  "strace is not installed: tests of smart-sync on a broken disk are skipped",
);
const NOT_FOUND = { kind: "status", status: 404 } as const;
const RENAME = "?rename,?renameat,?renameat2";

/** A machine at `first` with a local edit that the next sync will replace. */
async function editedMachine(): Promise<SyncedMachine> {
  const machine = await SyncedMachine.start();
  await machine.expect(0, ["--ref", machine.repository.first]);
  await Deno.writeTextFile(`${machine.tree}/README.md`, "# Mine\n");
  return machine;
}

function struck(machine: SyncedMachine, strike: Strike): Promise<StruckRun> {
  return struckRun("smart-sync", [], {
    root: machine.root,
    env: machine.env,
    strike,
    traceFile: `${machine.directory}/trace`,
  });
}

function backups(machine: SyncedMachine): string[] {
  return [...Deno.readDirSync(`${machine.root}/var/lib/hyper-nixos/backups`)]
    .map(({ name }) => name);
}

for (const what of ["SIGKILL", "SIGTERM", "EIO"] as const) {
  Deno.test({
    name: `smart-sync leaves no backup of edits that it did not replace, after ${what}`,
    ignore: !canTrace,
    fn: async () => {
      await using machine = await editedMachine();
      // The first time that is set is that of a file in the backup.
      const at = { calls: "utimensat", nth: 1, onward: false };
      const run = await struck(
        machine,
        what === "EIO" ? { kind: "error", error: what, at } : { kind: "signal", signal: what, at },
      );
      ok(run.hit);
      equal(run.code, { SIGKILL: 137, SIGTERM: 143, EIO: 1 }[what], run.stderr);
      if (what === "EIO") match(run.stderr, /a disk failed: .*os error 5.*\n.*next: .*dmesg/);
      await recoverSourceTree(testContext({ root: machine.root }));
      deepEqual(backups(machine), []);
      equal(await Deno.readTextFile(`${machine.tree}/README.md`), "# Mine\n");
      await machine.expectCommit(machine.repository.first, ["README.md"]);
    },
  });
}

Deno.test({
  name: "smart-sync finishes later what it could neither finish nor take back",
  ignore: !canTrace,
  fn: async () => {
    let halfWay = 0;
    for (let nth = 1; nth < 40; nth++) {
      await using machine = await editedMachine();
      const { first, second } = machine.repository;
      const before = localListing(machine.tree).join("\n");
      const at = { calls: RENAME, nth, onward: true };
      const run = await struck(machine, { kind: "error", error: "EIO", at });
      if (run.code === 0) break;
      equal(run.code, 1, run.stderr);
      if (/stopped half-way/.test(run.stderr)) {
        halfWay++;
        match(run.stderr, /next: nothing is lost; .*the next run of any tool finishes it/);
        await recoverSourceTree(testContext({ root: machine.root }));
        await machine.expectCommit(second);
        equal(machine.stateCommit, second);
        const [backup] = backups(machine);
        const kept = `${machine.root}/var/lib/hyper-nixos/backups/${backup}/README.md`;
        equal(await Deno.readTextFile(kept), "# Mine\n");
      } else if (machine.stateCommit === first) {
        equal(localListing(machine.tree).join("\n"), before, `rename ${nth}`);
        await recoverSourceTree(testContext({ root: machine.root }));
        deepEqual(backups(machine), []);
      }
    }
    ok(halfWay > 2, `only ${halfWay} runs could not take it back`);
  },
});

Deno.test({
  name: "smart-sync leaves tree and state at one commit, whichever fsync fails",
  ignore: !canTrace,
  fn: async () => {
    let failed = 0;
    for (let nth = 1; nth < 40; nth++) {
      await using machine = await editedMachine();
      const { first, second } = machine.repository;
      const at = { calls: "fsync", nth, onward: false };
      const run = await struck(machine, { kind: "error", error: "ENOSPC", at });
      if (!run.hit) break;
      ok(run.code === 0 || /the disk is full|stopped half-way/.test(run.stderr), run.stderr);
      failed += run.code;
      await recoverSourceTree(testContext({ root: machine.root }));
      const commit = machine.stateCommit!;
      await machine.expectCommit(commit, commit === first ? ["README.md"] : []);
      equal(backups(machine).length, commit === second ? 1 : 0, `fsync ${nth}`);
    }
    // strace counts the calls of each thread; those of the log stop nothing.
    ok(failed > 3, `only ${failed} runs failed`);
  },
});

Deno.test("smart-sync removes a file where the commit has a submodule, but no edit of it", async () => {
  await using machine = await SyncedMachine.start();
  const { directory, second } = machine.repository;
  const submodule = "1234567890123456789012345678901234567890";
  await machine.expect(0, ["--ref", second]);
  const sha = await commit(directory, {
    ref: "refs/heads/modules",
    from: second,
    changes: [{ path: "crlf.txt", submodule }, { path: "empty", submodule }, {
      path: "scripts",
      submodule,
    }],
  });
  await Deno.writeTextFile(`${machine.tree}/empty`, "mine\n");
  const summary = await machine.summary(["--ref", "modules"]);
  deepEqual(summary.deleted.toSorted(), ["crlf.txt", "scripts/plain.sh", "scripts/run.sh"]);
  deepEqual(summary.kept, ["empty"]);
  await machine.expectCommit(sha, ["empty"]);
});

Deno.test("smart-sync leaves a file where the commit has a folder of which nothing is synced", async () => {
  await using machine = await SyncedMachine.start();
  const { directory, second } = machine.repository;
  const sha = await commit(directory, {
    ref: "refs/heads/hollow",
    from: second,
    changes: [
      { path: "hollow/only.socket", content: "left out\n" },
      { path: "modules/one", submodule: "1234567890123456789012345678901234567890" },
    ],
  });
  await machine.expect(0, ["--ref", second]);
  for (const name of ["hollow", "modules"]) {
    await Deno.writeTextFile(`${machine.tree}/${name}`, "mine\n");
  }
  for (const args of [["--ref", sha], ["--ref", second], ["--ref", sha, "--force-full"]]) {
    const { edited } = await machine.summary(args);
    deepEqual(edited, []);
    equal(await Deno.readTextFile(`${machine.tree}/hollow`), "mine\n");
    equal(await Deno.readTextFile(`${machine.tree}/modules`), "mine\n");
    await machine.expectCommit(args[1]!, ["hollow", "modules"]);
  }
});

Deno.test("smart-sync follows a path that changes its place in Git's order with its kind", async () => {
  await using machine = await SyncedMachine.start();
  const { directory, second } = machine.repository;
  const on = (from: string, ref: string, changes: Change[]) =>
    commit(directory, { ref: `refs/heads/${ref}`, from, changes });
  // A folder is sorted as if its name ended in a slash, and "." comes before that.
  const file = await on(second, "file", [
    { path: "order/x", content: "file\n" },
    { path: "order/x.txt", content: "between\n" },
    { path: "order/y", content: "after\n" },
  ]);
  const folder = await on(file, "folder", [
    { path: "order/x", deleted: true },
    { path: "order/x/inside", content: "folder\n" },
    { path: "order/x.txt", content: "between, changed\n" },
  ]);
  for (const fault of [[], [{ match: { role: "git" }, fault: NOT_FOUND }]] as const) {
    machine.server.faults.set(fault);
    for (const sha of [file, folder, file, second, folder]) {
      await machine.expect(0, ["--ref", sha]);
      await machine.expectCommit(sha);
    }
  }
});

Deno.test("smart-sync syncs a folder whose name ends as a socket's", async () => {
  await using machine = await SyncedMachine.start();
  const { directory, second } = machine.repository;
  await machine.expect(0, ["--ref", second]);
  const sha = await commit(directory, {
    ref: "refs/heads/sockets",
    from: second,
    changes: [
      { path: "scripts/docker.socket/override.conf", content: "[Socket]\n" },
      { path: "scripts/real.socket", content: "left out\n" },
    ],
  });
  await machine.expect(0, ["--ref", "sockets"]);
  await machine.expectCommit(sha, ["scripts/real.socket"]);
  await machine.expect(0, ["--ref", second]);
  await machine.expectCommit(second);
});
