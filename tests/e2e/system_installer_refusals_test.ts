/** Bad input and unfit machines: a clear error before anything is touched, or a blocker in a dry run. */
import assert from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { hasSetpriv, needsNix } from "../support/needs.ts";
import {
  type ScratchMachine,
  scratchMachine,
  type ScratchOptions,
} from "../support/scratch_machine.ts";
import { type StandIns, standIns } from "../support/stand_ins.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { type InstallerSource, source, unowned } from "./installer.ts";

interface Refusal {
  readonly name: string;
  readonly args?: readonly string[];
  readonly scratch?: ScratchOptions;
  /** What is done to the machine or the source first. */
  readonly spoil?: (machine: ScratchMachine, from: InstallerSource, programs: StandIns) => void;
  readonly code: number;
  readonly says: RegExp;
}

const ROOT_ONLY = ["--action", "build", "--skip-update-check"];

const refusals: readonly Refusal[] = [
  {
    name: "a source without a flake",
    spoil: (_, from) => Deno.removeSync(`${from.path}/flake.nix`),
    code: 6,
    says: /source .* has no flake\.nix\n.*next: name a folder that holds Hyper-NixOS/,
  },
  {
    name: "a source that everyone can write",
    spoil: (_, from) => Deno.chmodSync(`${from.path}/nix/host.nix`, 0o666),
    code: 3,
    says: /host\.nix can be written by everyone/,
  },
  {
    name: "a source that its group can write",
    spoil: (_, from) => Deno.chmodSync(`${from.path}/nix`, 0o775),
    code: 3,
    says: /nix can be written by its group/,
  },
  {
    name: "a source in a folder of somebody else, who could rename it",
    spoil: (_, from) => Deno.chownSync(from.path.replace(/\/[^/]*$/, ""), 4711, 4711),
    code: 3,
    says: /source .* is below .*, which belongs to user 4711/,
  },
  {
    name: "a source in a folder that its group can write",
    spoil: (_, from) => Deno.chmodSync(from.path.replace(/\/[^/]*$/, ""), 0o775),
    code: 3,
    says: /source .* is below .*, which can be written by its group/,
  },
  {
    name: "a source with a link to where everyone can write",
    spoil: (_, from) => Deno.symlinkSync("/tmp/not-there-yet.nix", `${from.path}/lib/module.nix`),
    code: 3,
    says: /module\.nix leads to \/tmp, which can be written by everyone/,
  },
  {
    name: "a source with a link to a file of somebody else",
    spoil: (machine, from) => {
      machine.write("/home/alice/module.nix", "{ }\n");
      Deno.chownSync(machine.host("/home/alice/module.nix"), 1000, 100);
      Deno.symlinkSync(machine.host("/home/alice/module.nix"), `${from.path}/lib/module.nix`);
    },
    code: 3,
    says: /lib\/module\.nix leads to .*\/home\/alice\S*, which belongs to user 1000/,
  },
  {
    name: "a source that belongs to somebody else",
    spoil: (_, from) => Deno.chownSync(`${from.path}/lib`, 4711, 4711),
    code: 3,
    says: /lib belongs to user 4711, who is neither root nor you/,
  },
  {
    name: "a host name that is no label",
    args: ["--hostname", "no_good"],
    code: 4,
    says: /--hostname.*made of letters, digits and inner hyphens/s,
  },
  {
    name: "an unknown action",
    args: ["--action", "install"],
    code: 4,
    says: /Allowed choices are build, test, switch/,
  },
  {
    name: "a misspelt option",
    args: ["--skip-update-chek"],
    code: 4,
    says: /unknown option '--skip-update-chek'\n.*next: did you mean --skip-update-check\?/,
  },
  {
    name: "an unknown user",
    args: ["--users", "alice,bbo"],
    code: 4,
    says: /there is no user "bbo"\n.*did you mean bob\?/,
  },
  {
    name: "a state version that is none",
    args: ["--state-version", "latest"],
    code: 4,
    says: /a state version is a NixOS release/,
  },
  {
    name: "a test of a machine that does not run",
    args: ["--action", "test"],
    code: 4,
    says: /cannot be tested: it does not run/,
  },
  {
    name: "a reboot without a switch",
    args: ["--reboot"],
    code: 4,
    says: /--reboot goes with --action switch/,
  },
  {
    name: "a reboot of a machine that does not run",
    args: ["--action", "switch", "--reboot"],
    code: 4,
    says: /--reboot does not go with a machine mounted at /,
  },
  {
    name: "a machine that is not NixOS",
    scratch: { notNixos: true },
    code: 6,
    says: /is not a NixOS machine/,
  },
  {
    name: "a state folder that everyone can write",
    scratch: { stateFolderMode: 0o777 },
    code: 3,
    says: /hyper-nixos can be written by others than root/,
  },
  {
    name: "a state folder of somebody else",
    scratch: { stateFolderOwner: 4711 },
    code: 3,
    says: /hyper-nixos belongs to user 4711/,
  },
  {
    name: "an immutable /etc/nixos",
    scratch: { immutable: ["/etc/nixos"] },
    code: 3,
    says: /\/etc\/nixos cannot be written/,
  },
  {
    name: "a machine whose state version nobody knows",
    args: ["--no-keep-config"],
    spoil: (machine) => {
      const path = "/etc/nixos/configuration.nix";
      machine.change(path, /^.*stateVersion.*$/m, "");
    },
    code: 4,
    says: /nobody can be asked: system\.stateVersion.*\n.*--state-version/,
  },
  {
    name: "a configuration that does not evaluate",
    spoil: (machine) => machine.write("/etc/nixos/configuration.nix", "{ oops\n"),
    code: 6,
    says: /syntax error.*\n.*next: .*start without your configuration: --no-keep-config/,
  },
  {
    name: "a machine without a configuration",
    spoil: (machine) => Deno.removeSync(machine.host("/etc/nixos/configuration.nix")),
    code: 6,
    says: /there is neither .*\n.*next: name the configuration with --config/,
  },
  {
    name: "a configuration that is not this machine's",
    spoil: (machine) => {
      const path = "/etc/nixos/configuration.nix";
      machine.change(path, '"workbench"', '"elsewhere"');
    },
    code: 6,
    says: /the configuration that was read is not what this machine runs.*\n.*next: .*--config/,
  },
  {
    name: "a state version beside a configuration that has one",
    args: ["--state-version", "21.11"],
    code: 4,
    says: /your configuration says 23\.11, and it is kept/,
  },
  {
    name: "missing nixos-install",
    spoil: (_machine, _from, programs) => Deno.removeSync(`${programs.folder}/nixos-install`),
    code: 2,
    says: /command "nixos-install" not found/,
  },
];

for (const refusal of refusals) {
  needsNix(`system-installer refuses ${refusal.name}`, async () => {
    using machine = scratchMachine("uefi", refusal.scratch);
    using programs = standIns();
    using from = source();
    refusal.spoil?.(machine, from, programs);
    const ignore = [
      ...unowned.filter((one) => !one.test("var/lib/hyper-nixos") && !one.test("run")),
      /^var\/log\//,
    ];
    const before = snapshotTree(machine.root, { ignore });

    const args = [...ROOT_ONLY, ...refusal.args ?? [], "--source", from.path];
    const real = await runTool("system-installer", args, {
      root: machine.root,
      standIns: programs.folder,
    });
    assert.equal(real.code, refusal.code, real.stdout + real.stderr);
    assert.match(real.stderr, refusal.says);
    assert.equal(diffTrees(before, snapshotTree(machine.root, { ignore })), "");

    const isOption = refusal.code === 4 && refusal.args?.includes("--no-keep-config") === false;
    if (isOption) return;
    const dry = await runTool("system-installer", [...args, "--dry-run"], {
      root: machine.root,
      standIns: programs.folder,
    });
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(
      dry.stdout.split("\n").find((line) => line.startsWith("──")) ?? "",
      /Blockers|Questions/,
    );
    assert.equal(diffTrees(before, snapshotTree(machine.root, { ignore })), "");
  });
}

Deno.test("--undo where nothing was installed leaves no folder behind", async () => {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  const ignore = [/^var\/log(\/|$)/];
  const before = snapshotTree(machine.root, { ignore });
  const options = { root: machine.root, standIns: programs.folder };
  const { code, stderr } = await runTool("system-installer", ["--undo"], options);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /there is no installation to undo/);
  assert.equal(diffTrees(before, snapshotTree(machine.root, { ignore })), "");
});

Deno.test({
  name: "system-installer refuses who is not root, and shows the plan to anybody",
  ignore: !hasSetpriv,
  fn: async () => {
    using machine = scratchMachine("uefi");
    using programs = standIns();
    using from = source();
    const before = snapshotTree(machine.root);
    const args = ["--source", from.path, ...ROOT_ONLY];
    const options = { root: machine.root, standIns: programs.folder, uid: 65534 };
    const real = await runTool("system-installer", args, options);
    assert.equal(real.code, 3, real.stderr);
    assert.match(real.stderr, /this needs root/);
    const dry = await runTool("system-installer", [...args, "--dry-run", "--json"], options);
    assert.equal(dry.code, 0, dry.stderr);
    const plan = JSON.parse(dry.stdout);
    assert.ok(plan.blockers.some((one: { code: number }) => one.code === 3));
    assert.equal(plan.users[0].password, "unknown");
    assert.equal(diffTrees(before, snapshotTree(machine.root)), "");
  },
});

needsNix("system-installer shows the plan to anybody on an installed machine, too", async () => {
  using machine = scratchMachine("rented");
  using programs = standIns();
  using from = source();
  const args = ["--source", from.path, ...ROOT_ONLY];
  const options = { root: machine.root, standIns: programs.folder };
  const installed = await runTool("system-installer", args, options);
  assert.equal(installed.code, 0, installed.stderr);
  const before = snapshotTree(machine.root);
  const dry = await runTool("system-installer", [...args, "--dry-run"], { ...options, uid: 65534 });
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /only root may read whether Hyper-NixOS was\s+installed here before/);
  const asRoot = await runTool("system-installer", [...args, "--dry-run"], options);
  assert.match(asRoot.stdout, /installed before, on .*--undo takes that\s+back/);
  // Of an undo there is no plan, and it must not be done instead.
  const undone = await runTool("system-installer", ["--undo", "--dry-run"], options);
  assert.equal(undone.code, 4);
  assert.match(undone.stderr, /--dry-run goes with an installation, not with --undo/);
  assert.equal(diffTrees(before, snapshotTree(machine.root)), "");
});

needsNix("system-installer's plan tells no password hash, as text or as a document", async () => {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  using from = source();
  const hashes = machine.read("/etc/shadow").split("\n").map((line) => line.split(":")[1] ?? "")
    .filter((hash) => hash.length > 20);
  assert.ok(hashes.length > 0);
  for (const form of [["--json"], ["--verbose"]]) {
    const { stdout, stderr, code } = await runTool(
      "system-installer",
      ["--dry-run", "--no-keep-config", "--source", from.path, ...form],
      { inside: machine.root, standIns: programs.folder },
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /hyper-nixos\/passwords\/\w/);
    for (const hash of hashes) assert.ok(!(stdout + stderr).includes(hash), form.join());
  }
});

needsNix("system-installer refuses a full disk before it touches anything", async () => {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  using from = source({ small: false });
  const etc = machine.host("/etc");
  const copy = Deno.makeTempDirSync();
  await sh(
    `cp -a ${etc}/. ${copy} && mount -t tmpfs -o size=3m tmpfs ${etc} && cp -a ${copy}/. ${etc}`,
  );
  try {
    const before = snapshotTree(etc);
    const args = [...ROOT_ONLY, "--source", from.path];
    const options = { root: machine.root, standIns: programs.folder };
    const full = await runTool("system-installer", args, options);
    assert.equal(full.code, 1, full.stdout + full.stderr);
    assert.match(full.stderr, /\/etc\/hypervisor has [\d.]+ [KM]iB free, [\d.]+ MiB are needed/);
    assert.equal(diffTrees(before, snapshotTree(etc)), "");

    await sh(`mount -o remount,ro,size=64m ${etc}`);
    const readOnly = await runTool("system-installer", args, options);
    assert.equal(readOnly.code, 3, readOnly.stdout + readOnly.stderr);
    assert.match(readOnly.stderr, /cannot be written: it is read-only or immutable/);
  } finally {
    await sh(`umount ${etc} && rm -r ${copy}`);
  }
});

async function sh(script: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
