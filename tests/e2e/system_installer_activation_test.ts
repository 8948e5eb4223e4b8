/** Activations that fail, proofs that refuse, and what --undo gives back afterwards. */
import assert from "node:assert/strict";
import { runTool, startTool } from "../support/executable.ts";
import { hasNix, hasTmux, isRoot, needsNix } from "../support/needs.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { openToolTerminal } from "../support/terminal.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { installer, source, unowned } from "./installer.ts";

const SWITCH = ["--action", "switch", "--skip-update-check"];

/** Makes activations end as told: `exit-switch`, `exit-test`, `hook`; see the stand-in nixpkgs. */
function activation(machine: ScratchMachine, file: string, text: string): void {
  machine.write(`/run/standin-activation/${file}`, text, file === "hook" ? 0o755 : 0o644);
}

function bootDefault(machine: ScratchMachine): string {
  return Deno.readLinkSync(machine.host("/nix/var/nix/profiles/system"));
}

function receiptState(machine: ScratchMachine): string {
  const folder = "/var/lib/hyper-nixos/receipts";
  const names = [...Deno.readDirSync(machine.host(folder))].map((entry) => entry.name).sort();
  return JSON.parse(machine.read(`${folder}/${names.at(-1)}`)).state;
}

for (const [code, words] of [[2, /activation script failed/], [3, /could not reload/]] as const) {
  needsNix(
    `a switch whose activation ends with ${code} leaves the previous system as boot default`,
    async () => {
      using machine = scratchMachine("rented");
      using programs = standIns();
      using from = source();
      const run = installer(machine, programs, from);
      const before = snapshotTree(machine.root, { ignore: unowned, times: true });
      const profile = bootDefault(machine);
      activation(machine, "exit-test", String(code));
      const failed = await run(SWITCH);
      assert.equal(failed.code, 1, failed.stdout + failed.stderr);
      assert.match(failed.stderr, words);
      assert.match(failed.stderr, /the boot default is the previous system/);
      assert.match(failed.stderr, /the files are kept, to take them back: system-installer --undo/);
      assert.equal(bootDefault(machine), profile);
      assert.equal(receiptState(machine), "activated");
      activation(machine, "exit-test", "0");
      const undone = await run(["--undo"]);
      assert.equal(undone.code, 0, undone.stderr);
      const after = snapshotTree(machine.root, { ignore: unowned, times: true });
      assert.equal(diffTrees(before, after), "");
    },
  );
}

needsNix(
  "a switch after which a unit fails keeps the new default, names it and exits 1",
  async () => {
    using machine = scratchMachine("rented");
    using programs = standIns();
    using from = source();
    activation(machine, "exit-test", "4");
    activation(
      machine,
      "hook",
      `#!/bin/sh\necho "warning: the following units failed: web.service" >&2\n`,
    );
    const profile = bootDefault(machine);
    const failed = await installer(machine, programs, from)(SWITCH);
    assert.equal(failed.code, 1, failed.stdout + failed.stderr);
    assert.match(failed.stderr, /these units failed: web\.service/);
    assert.notEqual(bootDefault(machine), profile);
  },
);

needsNix(
  "a password changed after the install survives --undo, and an account comes back",
  async () => {
    using machine = scratchMachine("uefi");
    using programs = standIns();
    using from = source();
    const run = installer(machine, programs, from);
    // What the activation does to the files: alice, who was declared and is left behind, is removed.
    activation(
      machine,
      "hook",
      "#!/bin/sh\nfor file in passwd shadow; do sed -i /^alice:/d /etc/$file; done\n",
    );
    const before = machine.read("/etc/passwd");
    const alice = machine.read("/etc/shadow").match(/^alice:.*$/m)![0];
    const installed = await run([...SWITCH, "--users", "bob"]);
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    assert.match(installed.stdout, /alice is left behind: not chosen/);
    assert.match(installed.stdout, /^ {2}accounts\s+alice$/m);
    assert.doesNotMatch(machine.read("/etc/passwd"), /^alice:/m);
    const shadow = machine.read("/etc/shadow");
    machine.write("/etc/shadow", shadow.replace(/^bob:[^:]*:/m, "bob:$6$new$hash:"), 0o640);
    activation(machine, "hook", "#!/bin/sh\n");

    const undone = await run(["--undo"]);
    assert.equal(undone.code, 0, undone.stderr);
    assert.match(undone.stdout, /\/etc\/shadow is as it was.*left alone: bob/);
    assert.equal(machine.read("/etc/passwd"), before);
    assert.match(machine.read("/etc/shadow"), /^bob:\$6\$new\$hash:/m);
    assert.ok(machine.read("/etc/shadow").includes(alice));
  },
);

needsNix(
  "a switch that would lock everybody out is refused with the option that cures it",
  async () => {
    using machine = scratchMachine("rented");
    using programs = standIns();
    using from = source();
    const run = installer(machine, programs, from);
    const env = { SSH_CONNECTION: "198.51.100.7 50022 203.0.113.42 2222" };
    const build = await run(["--action", "build", "--skip-update-check"]);
    assert.equal(build.code, 0, build.stderr);
    const owner = "{ lib, ... }: { services.openssh.settings.PermitRootLogin = " +
      'lib.mkForce "no"; }\n';
    machine.write("/etc/hypervisor/configuration/local.nix", owner);
    const refused = await runTool("system-installer", [...SWITCH, "--source", from.path], {
      inside: machine.root,
      standIns: programs.folder,
      env,
    });
    assert.equal(refused.code, 6, refused.stdout + refused.stderr);
    assert.match(refused.stderr, /not proven: .*root.*\n.*next: .*PermitRootLogin/);
    assert.match(refused.stderr, /nothing was activated/);
    assert.equal(programs.calls("systemd-run").length, 0);
    assert.equal(machine.read("/etc/hypervisor/configuration/local.nix"), owner, "never touched");
  },
);

needsNix("--root reads and installs the mounted machine, not this one", async () => {
  using machine = scratchMachine("bios");
  using decoy = scratchMachine("rented");
  using programs = standIns();
  using from = source();
  // The decoy plays this machine: it has an installation of its own, which must not be looked at.
  const other = "/etc/hypervisor/configuration";
  decoy.write(
    `${other}/host.json`,
    '{ "version": 1, "hostName": "decoy", "system": "x86_64-linux" }',
  );
  const before = snapshotTree(decoy.root, { ignore: unowned });
  const mounted = `${decoy.root}/srv/mounted`;
  Deno.mkdirSync(mounted, { recursive: true });
  const bound = await new Deno.Command("mount", { args: ["--rbind", machine.root, mounted] })
    .output();
  assert.ok(bound.success);
  try {
    const installed = await runTool(
      "system-installer",
      [...SWITCH, "--source", from.path, "--root", "/srv/mounted"],
      { inside: decoy.root, standIns: programs.folder, timeout: 120_000 },
    );
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    assert.match(installed.stdout, /installed: \/srv\/mounted boots Hyper-NixOS next/);
    const host = JSON.parse(machine.read(`${other}/host.json`));
    assert.equal(host.hostName, "tower");
    const [call] = programs.calls("nixos-install");
    assert.deepEqual(call!.args.slice(0, 2), ["--root", "/srv/mounted"]);
    for (const option of ["--impure", "--no-root-passwd", "--no-channel-copy"]) {
      assert.ok(call!.args.includes(option), option);
    }
  } finally {
    await new Deno.Command("umount", { args: ["-R", mounted] }).output();
  }
  Deno.removeSync(mounted);
  assert.equal(diffTrees(before, snapshotTree(decoy.root, { ignore: unowned })), "");
});

needsNix(
  "--fast and the standard settings reach Nix; --reboot comes after the switch only",
  async () => {
    using machine = scratchMachine("rented");
    using programs = standIns();
    using from = source();
    const run = installer(machine, programs, from);
    const builds = () => programs.calls("nixos-rebuild").filter(({ args }) => args[0] === "build");
    assert.equal((await run(["--action", "build", "--skip-update-check"])).code, 0);
    assert.match(builds()[0]!.env.NIX_CONFIG!, /^http-connections = 5$/m);
    const fast = await run([...SWITCH, "--fast", "--reboot"]);
    assert.equal(fast.code, 0, fast.stdout + fast.stderr);
    const last = builds().at(-1)!;
    assert.match(last.env.NIX_CONFIG!, /^http-connections = 25$/m);
    assert.match(last.env.NIX_CONFIG!, /^extra-experimental-features = nix-command flakes$/m);
    assert.ok(last.args.join(" ").includes("--max-jobs auto --cores 0"));
    const reboots = programs.calls("systemctl").filter(({ args }) => args[0] === "reboot");
    assert.equal(reboots.length, 1);

    activation(machine, "exit-test", "2");
    assert.equal((await run([...SWITCH, "--reboot"])).code, 1);
    assert.equal(
      programs.calls("systemctl").filter(({ args }) => args[0] === "reboot").length,
      1,
      "no reboot after a failure",
    );
  },
);

needsNix(
  "--keep-config imports the old configuration, and local.nix is never touched again",
  async () => {
    using machine = scratchMachine("uefi");
    using programs = standIns();
    using from = source();
    const run = installer(machine, programs, from);
    const kept = await run([...SWITCH, "--keep-config"]);
    assert.equal(kept.code, 0, kept.stdout + kept.stderr);
    const local = "/etc/hypervisor/configuration/local.nix";
    assert.match(machine.read(local), /imports = \[ \.\.\/\.\.\/nixos\/configuration\.nix \]/);
    assert.doesNotMatch(kept.stdout, /services\s+.*\bprinting\b/);
    machine.write(local, "{ }\n");
    assert.equal((await run(SWITCH)).code, 0);
    assert.equal(machine.read(local), "{ }\n");
  },
);

Deno.test({
  name: "a terminal that goes away in the middle of an activation: activation and receipt finish",
  ignore: !hasNix || !hasTmux || !isRoot,
  fn: async () => {
    using machine = scratchMachine("rented");
    using programs = standIns();
    using from = source();
    // The activation waits until the terminal is gone.
    activation(
      machine,
      "hook",
      '#!/bin/sh\n[ "$1" = test ] || exit 0\ntouch /run/activating\n' +
        "while [ ! -e /run/go-on ]; do sleep 0.05; done\n",
    );
    const terminal = await openToolTerminal(
      "system-installer",
      [...SWITCH, "--yes", "--source", from.path],
      { inside: machine.root, standIns: programs.folder },
    );
    try {
      await until(() => machine.exists("/run/activating"));
      await terminal.hangup();
      machine.write("/run/go-on", "");
      await until(() => receiptState(machine) === "activated");
      assert.match(machine.read("/run/standin-activation/actions"), /^test .*\nboot /m);
    } finally {
      await terminal.close();
    }
  },
});

needsNix(
  "a tool killed in the middle of an activation: the next start waits for it, then reports it",
  async () => {
    using machine = scratchMachine("rented");
    using programs = standIns();
    using from = source();
    activation(
      machine,
      "hook",
      '#!/bin/sh\n[ "$1" = test ] || exit 0\ntouch /run/activating\n' +
        "while [ ! -e /run/go-on ]; do sleep 0.05; done\n",
    );
    const options = { inside: machine.root, standIns: programs.folder, timeout: 120_000 };
    const args = [...SWITCH, "--source", from.path];
    await using killed = startTool("system-installer", args, options);
    await until(() => machine.exists("/run/activating"));
    killed.kill("SIGKILL");
    await killed.result;
    const busy = await runTool("system-installer", args, options);
    assert.equal(busy.code, 1, busy.stdout + busy.stderr);
    assert.match(busy.stderr, /an activation is under way/);
    machine.write("/run/go-on", "");
    await until(() => /"phase":\s*"done"/.test(activationStatus(machine)));
    const undone = await runTool("system-installer", ["--undo"], options);
    assert.equal(undone.code, 0, undone.stderr);
    assert.match(undone.stdout + undone.stderr, /an earlier switch had not been reported/);
  },
);

function activationStatus(machine: ScratchMachine): string {
  const folder = "/var/lib/hyper-nixos/activations";
  const name = [...Deno.readDirSync(machine.host(folder))].map((entry) => entry.name)
    .find((entry) => entry.endsWith(".json"));
  return name === undefined ? "" : machine.read(`${folder}/${name}`);
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error("it did not happen within a minute");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
