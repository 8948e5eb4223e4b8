/** Hyper-NixOS as it is published, a tree that knows no machine: installed, and taken back. */
import assert from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { needsNix } from "../support/needs.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { unowned } from "./installer.ts";
import { HOST, PublishedHost, SWITCH } from "./published_host.ts";

for (const kind of ["uefi", "bios", "flake", "rented", "hostile"] as const) {
  needsNix(`system-installer installs a published tree and undoes it: ${kind}`, async () => {
    using host = new PublishedHost(kind);
    const { machine } = host;
    const before = snapshotTree(machine.root, { ignore: unowned, times: true });
    const tree = snapshotTree(host.path);
    await host.installed();

    assert.equal(diffTrees(tree, snapshotTree(machine.host("/etc/hypervisor/src"))), "");
    const record = JSON.parse(machine.read("/etc/hypervisor/configuration/host.json"));
    const { carriedFrom, ...rest } = record;
    assert.equal(carriedFrom.kind, kind === "flake" ? "flake" : "channel");
    assert.deepEqual(rest, {
      version: 2,
      hostName: machine.facts.hostName,
      system: "x86_64-linux",
      base: null,
      tools: null,
      layout: "published",
    });
    // The tree says hyper-nixos and 24.05.
    const { facts, path } = host.system();
    assert.equal(facts.hostName, machine.facts.hostName);
    assert.equal(facts.stateVersion, machine.facts.stateVersion);
    const flake = machine.facts.nixos["flake.nix"];
    const link = `${path}/etc/nixos/flake.nix`;
    assert.equal(
      machine.exists(link) ? Deno.readLinkSync(machine.host(link)) : undefined,
      flake === undefined ? `${HOST}/flake.nix` : undefined,
    );
    const built = host.stand.calls("nixos-rebuild").filter(({ args }) => args[0] === "build");
    assert.ok(built.length > 0);
    for (const { args } of built) {
      assert.ok(!args.includes("--impure"), "the tree fails with --impure");
      assert.deepEqual(
        args.slice(args.indexOf("--override-input")).slice(0, 3),
        ["--override-input", "tree", "path:/etc/hypervisor/src"],
      );
    }

    // A system of a flake finds no channel: its nixpkgs is the tree's.
    machine.write("/etc/set-environment", 'export NIX_PATH="nixpkgs=flake:nixpkgs"\n');
    const again = await host.install(SWITCH);
    assert.equal(again.code, 0, again.stdout + again.stderr);
    assert.doesNotMatch(again.stderr, /your configuration was not evaluated/);
    assert.match(again.stderr + again.stdout, /every file is in place already/);
    Deno.removeSync(machine.host("/etc/set-environment"));
    const undone = await host.tool("system-installer", ["--undo"]);
    assert.equal(undone.code, 0, undone.stdout + undone.stderr);
    const after = snapshotTree(machine.root, { ignore: unowned, times: true });
    assert.equal(diffTrees(before, after), "");
  });
}

needsNix(
  "the tools of the USB kit that installs a published tree are on PATH, with their loader",
  async () => {
    using host = new PublishedHost("uefi");
    const kit = Deno.makeTempDirSync({ prefix: "kit-" });
    try {
      const folder = `${kit}/bin/${Deno.build.arch}-linux`;
      Deno.mkdirSync(folder, { recursive: true });
      const names = ["system-installer", "smart-sync", "dev-update", "rebuild-helper", "validator"];
      for (const name of names) Deno.writeTextFileSync(`${folder}/${name}`, name);
      const env = { HYPERVISOR_LAUNCHER: `${kit}/system-installer` };
      const args = [...SWITCH, "--source", host.path];
      const { code, stdout, stderr } = await host.tool("system-installer", args, { env });
      assert.equal(code, 0, stdout + stderr);
      const { tools } = JSON.parse(host.machine.read("/etc/hypervisor/configuration/host.json"));
      assert.match(tools, /^\/nix\/store\/.*-hyper-nixos-tools$/);
      const { path } = host.system();
      const real = new Root(host.machine.root);
      assert.equal(Deno.readTextFileSync(real.follow(`${path}/sw/bin/validator`)), "validator");
      const rules = Deno.readTextFileSync(real.follow(`${path}/etc/tmpfiles.d/hyper-nixos.conf`));
      assert.match(rules, /\/run\/hypervisor\/ld\.so/);
      // What has the tools keeps them, whatever it is run from later.
      const again = await host.install(SWITCH);
      assert.equal(again.code, 0, again.stdout + again.stderr);
      assert.equal(
        JSON.parse(host.machine.read("/etc/hypervisor/configuration/host.json")).tools,
        tools,
      );
    } finally {
      Deno.removeSync(kit, { recursive: true });
    }
  },
);
