/**
 * One whole installation without a network: a USB kit with a system, its launcher, and a machine whose
 * store holds neither nixpkgs nor the packages. The flake's lock names nixpkgs on GitHub, as it does
 * for users; its hash is that of the stand-in, so that only the kit's cache can give it.
 */
import assert from "node:assert/strict";
import { scratchMachine } from "../support/scratch_machine.ts";
import { makeSource } from "../support/source.ts";
import { standIns } from "../support/stand_ins.ts";
import { canInstallOffline, compiledInstaller, NIX_CONFIG, runOffline } from "./offline.ts";
import { REPOSITORY, scratchFolder } from "./support.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** A kit with a system of the stand-in nixpkgs, made by the task's own script from a copy of this tree. */
async function makeKit(scratch: string): Promise<string> {
  const [tree, kit] = [`${scratch}/tree`, `${scratch}/kit`];
  makeSource(tree);
  const lock = JSON.parse(Deno.readTextFileSync(`${REPOSITORY}/flake.lock`));
  const { narHash } = JSON.parse(Deno.readTextFileSync(`${tree}/flake.lock`)).nodes.nixpkgs.locked;
  lock.nodes.nixpkgs.locked.narHash = narHash;
  Deno.writeTextFileSync(`${tree}/flake.lock`, JSON.stringify(lock, null, 2));
  const from = await compiledInstaller(scratch);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--cached-only", `${tree}/nix/usb_kit.ts`, kit],
      ...["--executables", from, "--commit", COMMIT, "--with-system", "hypervisor-x86_64"],
    ],
    env: { NIX_CONFIG: `${NIX_CONFIG}\nsubstituters =`, HYPERVISOR_ROOT: "" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, text);
  Deno.removeSync(tree, { recursive: true });
  return kit;
}

Deno.test({
  name: "a kit with a system installs a machine that has no network; without its cache it cannot",
  ignore: !canInstallOffline,
  fn: async () => {
    using scratch = scratchFolder();
    Deno.chmodSync(scratch.path, 0o755);
    const kit = await makeKit(scratch.path);
    using programs = standIns();
    const withoutNetwork = /could not fetch what it needs: .*https:\/\/api\.github\.com.*nixpkgs/;
    using machine = scratchMachine("rented");
    const run = (...args: string[]) =>
      // A kit's system is of the flake's own nixpkgs.
      runOffline(kit, machine, programs, ["--no-keep-config", ...args]);
    const profile = machine.host("/nix/var/nix/profiles/system");
    const before = Deno.readLinkSync(profile);

    Deno.chmodSync(`${kit}/cache/public-key`, 0o666);
    const looked = await run("--dry-run");
    assert.equal(looked.code, 0, looked.stderr);
    const said = looked.stdout.replaceAll(/\s+/g, " ");
    assert.match(said, /cache is not used: it has a public-key that can be written by everyone/);
    assert.match(said, withoutNetwork);
    Deno.chmodSync(`${kit}/cache/public-key`, 0o644);

    Deno.renameSync(`${kit}/cache`, `${kit}/elsewhere`);
    const failed = await run("--action", "switch");
    assert.equal(failed.code, 5, failed.stdout);
    assert.match(failed.stderr, withoutNetwork);
    assert.match(failed.stderr, /a stick with a system on it \(docs\/offline\.md\)/);
    assert.ok(!machine.exists("/etc/hypervisor"), "nothing was touched");
    Deno.renameSync(`${kit}/elsewhere`, `${kit}/cache`);

    const installed = await run("--action", "switch");
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    assert.match(installed.stdout, /no network: GitHub is not asked for updates/);
    assert.match(installed.stdout, /the new system runs and is the boot default/);
    assert.ok(
      installed.stdout.includes(`-curl-0' from 'file://${kit}/cache'`),
      "packages come from the cache, and are not built here",
    );
    assert.notEqual(Deno.readLinkSync(profile), before);
    const state = JSON.parse(machine.read("/var/lib/hyper-nixos/sync/state.json"));
    assert.equal(state.commit, COMMIT, "smart-sync knows what the kit was made of");
    assert.match(
      machine.read("/run/standin-activation/actions"),
      /^boot .*-nixos-system-vps4711-24\.05\.standin$/m,
    );
  },
});
