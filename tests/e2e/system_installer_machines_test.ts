/**
 * Five real machines, each planned, installed on its owner's configuration or without it, undone byte
 * for byte, and installed again.
 */
import assert from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { needsNix } from "../support/needs.ts";
import {
  MACHINE_KINDS,
  type MachineKind,
  type ScratchMachine,
  scratchMachine,
} from "../support/scratch_machine.ts";
import { installer, type InstallerSource, source, unowned } from "./installer.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { standIns } from "../support/stand_ins.ts";

const SWITCH = ["--action", "switch", "--skip-update-check"];

/** Without the owner's configuration, where machines differ most. */
const CARRIED: readonly MachineKind[] = ["bios", "flake", "hostile"];

for (const kind of MACHINE_KINDS) {
  needsNix(`system-installer installs, undoes and installs again: ${kind}`, async () => {
    await installAndUndo(kind, []);
  });
}
for (const kind of CARRIED) {
  needsNix(
    `system-installer installs without the owner's configuration, and undoes: ${kind}`,
    async () => {
      await installAndUndo(kind, ["--no-keep-config"]);
    },
  );
}

async function installAndUndo(kind: MachineKind, options: readonly string[]): Promise<void> {
  using machine = scratchMachine(kind);
  using programs = standIns();
  // One of them gets the repository as it is.
  using from = source({ small: kind !== "uefi" });
  const run = installer(machine, programs, from);
  const shadow = machine.read("/etc/shadow");
  const before = snapshotTree(machine.root, { ignore: unowned, times: true });

  const first = await run([...SWITCH, ...options]);
  assert.equal(first.code, 0, first.stdout + first.stderr);
  assert.match(first.stdout, /the new system runs and is the boot default/);
  expectInstalled(machine, from, options.length === 0);
  expectNoHash(machine, shadow, first.stdout + first.stderr);

  const undone = await run(["--undo"]);
  assert.equal(undone.code, 0, undone.stdout + undone.stderr);
  assert.match(undone.stdout, /undone: every file is as it was/);
  assert.equal(
    diffTrees(before, snapshotTree(machine.root, { ignore: unowned, times: true })),
    "",
  );

  const again = await run([...SWITCH, ...options]);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  expectInstalled(machine, from, options.length === 0);
  const third = await run([...SWITCH, ...options]);
  assert.equal(third.code, 0, "running it on an installed machine is safe: " + third.stderr);
}

function expectInstalled(machine: ScratchMachine, from: InstallerSource, onBase: boolean): void {
  assert.equal(
    diffTrees(from.tree, snapshotTree(machine.host("/etc/hypervisor/src"))),
    "",
    "the source is copied whole",
  );
  // The link is of the generation's /etc, which a stand-in does not switch; nobody's flake is touched.
  const flake = machine.facts.nixos["flake.nix"];
  if (flake !== undefined) assert.equal(machine.read("/etc/nixos/flake.nix"), flake);
  const system = new Root(machine.root).realPath("/nix/var/nix/profiles/system");
  const link = `${system}/etc/nixos/flake.nix`;
  assert.equal(
    machine.exists(link) ? Deno.readLinkSync(machine.host(link)) : undefined,
    flake === undefined ? "/etc/hypervisor/src/flake.nix" : undefined,
  );
  const { base, carriedFrom, tools, ...host } = JSON.parse(
    machine.read("/etc/hypervisor/configuration/host.json"),
  );
  assert.deepEqual(host, { version: 2, hostName: machine.facts.hostName, system: "x86_64-linux" });
  assert.equal(tools, null);
  const kind = flake === undefined ? "channel" : "flake";
  assert.equal((onBase ? base : carriedFrom).kind, kind);
  assert.equal(onBase ? carriedFrom : base, onBase ? undefined : null);
  const folder = Deno.statSync(machine.host("/var/lib/hyper-nixos"));
  assert.equal(folder.mode! & 0o777, 0o700);
  const copied = [...Deno.readDirSync(machine.host("/var/lib/hyper-nixos/passwords"))];
  if (onBase) assert.deepEqual(copied, [], "no password is copied");
  for (const account of machine.facts.accounts.filter(({ uid }) => uid === 0 && !onBase)) {
    const path = machine.host(`/var/lib/hyper-nixos/passwords/${account.name}`);
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    assert.equal(Deno.readTextFileSync(path), `${account.hash}\n`);
  }
  const facts = JSON.parse(machine.read(`${system}/facts.json`));
  assert.equal(facts.hostName, machine.facts.hostName);
  assert.equal(facts.stateVersion, machine.facts.stateVersion);
  // A server whose owner sets none has NixOS's own, and keeps that.
  assert.equal(facts.timeZone ?? "UTC", machine.facts.timeZone);
}

/** Hashes are in /etc/shadow and in files that only root can read, and nowhere else. */
function expectNoHash(machine: ScratchMachine, shadow: string, output: string): void {
  const hashes = shadow.split("\n").map((line) => line.split(":")[1] ?? "")
    .filter((hash) => hash.startsWith("$"));
  const allowed = /^(etc\/g?shadow|var\/lib\/hyper-nixos\/(passwords|backups)\/)/;
  // A declared hash was in the owner's configuration, and with it in the store, before.
  const ignore = [/^(proc|sys|nix\/var|etc\/nixos)\//, /^nix\/store\/[^/]*-source\//];
  for (const [path, entry] of snapshotTree(machine.root, { ignore })) {
    if (entry.type !== "file" || allowed.test(path)) continue;
    const text = Deno.readTextFileSync(`${machine.root}/${path}`);
    assert.ok(!hashes.some((hash) => text.includes(hash)), `a password hash is in ${path}`);
  }
  assert.ok(!hashes.some((hash) => output.includes(hash)), "a password hash was printed");
}
