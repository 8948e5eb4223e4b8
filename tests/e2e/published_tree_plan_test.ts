/** The plan for a published tree: what is a source, who wins where tree and machine disagree, what is refused. */
import assert from "node:assert/strict";
import { hasCommand, needsNix } from "../support/needs.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { unowned } from "./installer.ts";
import { HOST, PublishedHost, SWITCH } from "./published_host.ts";

needsNix(
  "who has only root's key keeps it, where a published tree would let nobody in",
  async () => {
    using host = new PublishedHost("rented");
    const plan = await host.install(["--dry-run", "--json"]);
    assert.equal(plan.code, 0, plan.stderr);
    const { blockers, judgement, settings } = JSON.parse(plan.stdout);
    assert.deepEqual(blockers, []);
    const login = judgement.verdicts.filter(({ id }: { id: string }) => id === "login");
    assert.deepEqual(login.map(({ ok }: { ok: boolean }) => ok), [true]);
    assert.match(login[0].what, /root can still log in over SSH/);
    const options = settings.map(({ option }: { option: string }) => option);
    assert.ok(options.includes("services.openssh.settings.PermitRootLogin"));
    assert.deepEqual(options.filter((option: string) => option.startsWith("hypervisor.")), []);

    // The owner takes the tree's rules: nobody could come in, and that is refused.
    host.machine.write(
      `${HOST}/local.nix`,
      '{ lib, ... }: { services.openssh.settings.PermitRootLogin = lib.mkForce "no"; }\n',
    );
    const refused = await host.install(SWITCH);
    assert.equal(refused.code, 6, refused.stdout);
    assert.match(refused.stderr, /not be safe to activate: .*log in/);
    assert.deepEqual(host.actions(), []);
  },
);

needsNix(
  "a flake of anybody's is no source that nobody named, though it is laid out the same",
  async () => {
    using host = new PublishedHost("uefi");
    const blockers = async () => {
      const args = ["--dry-run", "--json"];
      const { stdout } = await host.tool("system-installer", args, { cwd: host.path });
      return JSON.parse(stdout).blockers.map(({ message }: { message: string }) => message);
    };
    assert.deepEqual(await blockers(), ["no source of Hyper-NixOS found"]);
    const flake = `${host.path}/flake.nix`;
    const own = Deno.readTextFileSync(flake);
    // Whoever uses it names it, too.
    Deno.writeTextFileSync(flake, own.replace("{", '{ inputs.hyper-nixos.url = "path:./x";'));
    assert.deepEqual(await blockers(), ["no source of Hyper-NixOS found"]);
    Deno.writeTextFileSync(flake, own.replace("{", '{ description = "Hyper-NixOS: a host";'));
    assert.deepEqual(await blockers(), []);
  },
);

needsNix("a checkout directly in /tmp is a source, as one in a folder of mktemp's", async () => {
  using host = new PublishedHost("uefi");
  // Sticky, and on the file system that temporary folders are on.
  const path = `${Deno.env.get("TMPDIR") || "/tmp"}/hyper-nixos-${crypto.randomUUID()}`;
  Deno.renameSync(host.path, path);
  try {
    const args = ["--dry-run", "--json", "--source", path];
    const { blockers } = JSON.parse((await host.tool("system-installer", args)).stdout);
    assert.deepEqual(blockers, []);
  } finally {
    Deno.renameSync(path, host.path);
  }
});

needsNix(
  "the plan says who wins where machine and tree disagree, by evaluation, and your files win",
  async () => {
    using host = new PublishedHost("uefi");
    const path = "/etc/nixos/configuration.nix";
    host.machine.change(
      path,
      /\}\n$/,
      "  services.fwupd.enable = true;\n  security.sudo.wheelNeedsPassword = false;\n" +
        '  environment.etc.motd.text = "mine";\n}\n',
    );
    const module = `${host.path}/modules/core/options.nix`;
    const text = Deno.readTextFileSync(module);
    const add = (lines: string) =>
      Deno.writeTextFileSync(module, text.replace(/\}\n$/, `  config = {${lines}};\n}\n`));
    add(
      ' console.keyMap = lib.mkForce "fr"; boot.kernelModules = [ "tun" ]; environment.etc.motd.text = lib.mkDefault "theirs"; ',
    );
    const table = async () => {
      const plan = await host.install(["--dry-run", "--json"]);
      assert.equal(plan.code, 0, plan.stderr);
      const { blockers, disagreements, warnings } = JSON.parse(plan.stdout);
      assert.deepEqual(blockers, []);
      const rows = disagreements.map((
        { option, machine, tree, wins }: Record<string, string>,
      ) => [option, machine, tree, wins] as const);
      return { rows: new Map(rows.map((row: string[]) => [row[0], row.slice(1)])), warnings };
    };
    const { rows } = await table();
    assert.deepEqual(rows.get("networking.hostName"), ['"workbench"', '"hyper-nixos"', "machine"]);
    assert.deepEqual(rows.get("services.fwupd.enable"), ["true", "false", "machine"]);
    assert.deepEqual(rows.get("environment.etc.motd.text"), ['"mine"', '"theirs"', "machine"]);
    assert.deepEqual(
      rows.get("services.openssh.settings.PasswordAuthentication"),
      ["true", "false", "machine"],
    );
    assert.deepEqual(rows.get("security.sudo.wheelNeedsPassword"), ["false", "true", "tree"]);
    assert.deepEqual(rows.get("console.keyMap"), ['"de"', '"fr"', "tree"]);
    const shown = await host.install(["--dry-run"]);
    assert.match(shown.stdout, /Where this machine and the tree disagree \(\d+\)/);
    assert.match(
      shown.stdout,
      /the tree wins: the tree forces it\n.*\n +console\.keyMap +"de" \| "fr"/,
    );

    // A tree that makes no system with one of these: then that stays behind, and is named.
    add(" boot.kernelModules = if config.services.fwupd.enable then lib.noFwupd else [ ]; ");
    Deno.writeTextFileSync(
      module,
      Deno.readTextFileSync(module).replace("{ lib, ... }", "{ lib, config, ... }"),
    );
    const without = await table();
    assert.deepEqual(without.rows.get("services.fwupd.enable"), ["true", "false", "tree"]);
    assert.match(without.warnings.join("\n"), /there would be no system: .*noFwupd/s);
  },
);

needsNix(
  "a tree that does not evaluate is refused with file and line, before anything is written",
  async () => {
    using host = new PublishedHost("uefi");
    const before = snapshotTree(host.machine.root, { ignore: unowned, times: true });
    Deno.writeTextFileSync(
      `${host.path}/modules/core/platform.nix`,
      "{ lib, ... }:\n{ a = lib.nowhere; }\n",
    );
    const { code, stderr, stdout } = await host.install(SWITCH);
    assert.equal(code, 6, stdout);
    assert.match(
      stderr,
      /this tree does not make a system of this machine: .*nowhere.*platform\.nix:2/s,
    );
    assert.equal(
      diffTrees(before, snapshotTree(host.machine.root, { ignore: unowned, times: true })),
      "",
    );
  },
);

needsNix(
  "a tree that is older than the machine's state version is refused unless that is allowed",
  async () => {
    using host = new PublishedHost("uefi");
    const path = "/etc/nixos/configuration.nix";
    host.machine.change(path, /stateVersion = "[^"]+"/, 'stateVersion = "24.11"');
    const { code, stderr } = await host.install(SWITCH);
    assert.equal(code, 6);
    assert.match(
      stderr,
      /this tree is of NixOS 24\.05, and the state version of this machine is 24\.11/,
    );
    const allowed = await host.install(["--dry-run", "--json", "--allow-downgrade"]);
    assert.deepEqual(JSON.parse(allowed.stdout).blockers, []);
  },
);

needsNix(
  "a tree that evaluates and cannot be built is refused in the plan, with the lines that leave it out",
  async () => {
    using host = new PublishedHost("uefi");
    const module = `${host.path}/modules/core/options.nix`;
    Deno.writeTextFileSync(
      module,
      Deno.readTextFileSync(module).replace(
        /\}\n$/,
        '  config.environment.etc."docs".text = "a"; config.environment.etc."docs/more".text = "b";\n' +
          '  config.security.sudo.extraRules = [ { groups = [ "a" ]; commands = [ "/bin/chown :a /b" ]; } ];\n}\n',
      ),
    );
    const plan = async () => {
      const { stdout } = await host.install(["--dry-run", "--json"]);
      const { blockers, warnings } = JSON.parse(stdout);
      return { blockers, warnings: warnings.join("\n") };
    };
    const { blockers: [blocker, ...more], warnings } = await plan();
    assert.deepEqual(more, []);
    assert.match(blocker.message, /does not make a system .*\/etc\/docs\/more lies inside of/);
    assert.match(blocker.hint, /\/etc\/hypervisor\/host\/local\.nix.*etc\."docs\/more"\.enable = /);
    if (hasCommand("visudo")) assert.match(warnings, /visudo refuses a rule .*chown :a/);

    const lines = /: (environment\..*)$/.exec(blocker.hint)![1];
    host.machine.write(
      `${HOST}/local.nix`,
      `{ lib, ... }: { ${lines} security.sudo.extraRules = lib.mkForce [ ]; }\n`,
    );
    const mended = await plan();
    assert.deepEqual(mended.blockers, []);
    assert.doesNotMatch(mended.warnings, /build will fail/);
  },
);

needsNix("why a tree's nixpkgs cannot be had is said once in a plan", async () => {
  using host = new PublishedHost("uefi");
  const file = `${host.path}/flake.lock`;
  const lock = JSON.parse(Deno.readTextFileSync(file));
  lock.nodes.nixpkgs.locked = {
    type: "tarball",
    url: "http://127.0.0.1:1/nixpkgs.tar.gz",
    narHash: "sha256-WvvHR4kSQLAbtouMC/ruZ5UpLwlUcY3K4FAllMN+yGk=",
  };
  Deno.writeTextFileSync(file, JSON.stringify(lock));
  const plan = await host.install(["--dry-run"]);
  assert.equal(plan.code, 0, plan.stderr);
  const said = (plan.stdout + plan.stderr).replaceAll(/\s+/g, " ");
  assert.equal(said.match(/could not fetch what it needs/g)?.length, 1, said);
  assert.match(said, /not proven yet: evaluating .* could not fetch what it needs/);
  assert.match(said, /could not be listed: the new host is not evaluated/);
});
