/** An installed machine that does not come back, undone from a rescue system that mounts it. */
import assert from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { needsNix } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { installer, source, unowned } from "./installer.ts";

needsNix(
  "system-installer --undo --root gives a mounted machine its previous system and files",
  async () => {
    using machine = scratchMachine("uefi");
    using programs = standIns();
    using from = source();
    const ignore = [...unowned, /^boot(\/|$)/];
    const before = snapshotTree(machine.root, { ignore, times: true });
    const profile = machine.host("/nix/var/nix/profiles/system");
    const bootDefault = Deno.readLinkSync(profile);
    const installed = await installer(machine, programs, from)([
      "--action",
      "switch",
      "--skip-update-check",
    ]);
    assert.equal(installed.code, 0, installed.stderr);
    const broken = Deno.readLinkSync(profile);
    assert.notEqual(broken, bootDefault);

    // The machine is off: nothing of it runs.
    for (const link of ["current-system", "booted-system"]) {
      Deno.removeSync(machine.host(`/run/${link}`));
    }
    programs.clear();
    const rescue = { root: machine.root, standIns: programs.folder };
    const undo = () => runTool("system-installer", ["--undo"], rescue);

    Deno.renameSync(`${programs.folder}/nixos-enter`, `${programs.folder}/.nixos-enter`);
    const without = await undo();
    assert.equal(without.code, 2, without.stderr);
    assert.match(without.stderr, /command "nixos-enter" not found/);
    assert.equal(Deno.readLinkSync(profile), broken);
    Deno.renameSync(`${programs.folder}/.nixos-enter`, `${programs.folder}/nixos-enter`);

    const undone = await undo();
    assert.equal(undone.code, 0, undone.stdout + undone.stderr);
    assert.match(undone.stdout, /boots the previous system again: \/nix\/store\//);
    assert.equal(Deno.readLinkSync(profile), bootDefault);
    assert.equal(diffTrees(before, snapshotTree(machine.root, { ignore, times: true })), "");
    const [enter] = programs.calls("nixos-enter");
    assert.deepEqual(enter!.args.slice(0, 3), ["--root", machine.root, "--"]);
    assert.match(
      enter!.args.slice(3).join(" "),
      /^\/nix\/store\/\S+\/switch-to-configuration boot$/,
    );
    // Nothing was activated on the machine that runs.
    assert.deepEqual(programs.calls("systemd-run"), []);
  },
);

needsNix(
  "a machine without /dev or /sys is told in words: nothing can be started, or nothing is seen",
  async () => {
    using machine = scratchMachine("rented");
    using programs = standIns();
    using from = source();
    const args = ["--dry-run", "--skip-update-check", "--source", from.path];
    const plan = (folders: string) =>
      runTool("system-installer", args, {
        inside: machine.root,
        standIns: programs.folder,
        under: ["/bin/sh", "-c", `${folders}; exec "$@"`, "sh"],
      });
    const none = await plan("mount -t tmpfs none /dev");
    assert.equal(none.code, 2, none.stderr);
    assert.match(none.stderr, /no program can be started: \/dev\/null is missing/);
    assert.match(none.stderr, /next: mount \/dev first/);

    const empty = "mount -t tmpfs none /dev && : > /dev/null; mount -t tmpfs none /sys";
    const seen = await plan(empty);
    assert.equal(seen.code, 0, seen.stderr);
    assert.match(seen.stdout, /no \/dev\/kvm now/);
  },
);
