/** Disks that stop an undo anywhere, and mounts between which nothing can be renamed. */
import { equal, match, ok } from "node:assert/strict";
import { struckRun } from "../campaign/struck_run.ts";
import { hasCommand, hasNix, isRoot, need, needsNix } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { installer, source, unowned } from "./installer.ts";

const canTrace = isRoot && hasNix && need(
  hasCommand("strace"),
  "strace is not installed: the test of --undo on a broken disk is skipped",
);

Deno.test({
  name: "--undo that no file can be renamed for is finished by the next --undo",
  ignore: !canTrace,
  fn: async () => {
    using programs = standIns();
    using from = source();
    using machine = scratchMachine("rented");
    const run = installer(machine, programs, from);
    const before = snapshotTree(machine.root, { ignore: unowned, times: true });
    programs.set("nixos-rebuild/fail", "error: not now\n");
    for (const nth of [5, 9]) {
      await run(["--action", "build", "--skip-update-check"]);
      const calls = "?rename,?renameat,?renameat2";
      const struck = await struckRun("system-installer", ["--undo"], {
        inside: machine.root,
        standIns: programs.folder,
        strike: { kind: "error", error: "EIO", at: { calls, nth, onward: true } },
        traceFile: `${programs.folder}/trace`,
      });
      ok(struck.hit, `no rename ${nth}`);
      equal(struck.code, 1, struck.stderr);
      match(struck.stderr, /could not be put back|a disk failed/);
      const undone = await run(["--undo"]);
      equal(undone.code, 0, undone.stderr);
      const after = snapshotTree(machine.root, { ignore: unowned, times: true });
      equal(diffTrees(before, after), "", `rename ${nth}`);
    }
  },
});

needsNix("a source tree is replaced and given back across mounts of one file system", async () => {
  // Inside the machine /etc and /var are bind mounts, as where a system keeps its state elsewhere.
  using programs = standIns();
  using from = source();
  using machine = scratchMachine("rented");
  const run = installer(machine, programs, from);
  const build = ["--action", "build", "--skip-update-check"];
  equal((await run(build)).code, 0);
  machine.write("/etc/hypervisor/src/mine.nix", "{ }\n");
  const tree = machine.host("/etc/hypervisor/src");
  const edited = snapshotTree(tree, { times: true });
  const again = await run(build);
  equal(again.code, 0, again.stderr);
  ok(!machine.exists("/etc/hypervisor/src/mine.nix"));
  const undone = await run(["--undo"]);
  equal(undone.code, 0, undone.stderr);
  equal(diffTrees(edited, snapshotTree(tree, { times: true })), "");
  equal([...Deno.readDirSync(machine.host("/etc/hypervisor"))].length, 2);
});
