/** Hyper-NixOS as it is published: a tree that knows no machine, composed with one by a flake beside it. */
import assert from "node:assert/strict";
import { Root } from "../../lib/machine/root.ts";
import { runTool, type ToolResult } from "../support/executable.ts";
import { Host } from "../support/host.ts";
import type { MachineKind } from "../support/machines/description.ts";
import { filesOf } from "../support/files_of.ts";
import { GithubServer } from "../support/github/server.ts";
import { needsNix } from "../support/needs.ts";
import { makePublishedSource } from "../support/published_source.ts";
import { commit, initRepository } from "../support/repositories.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { unowned } from "./installer.ts";

const SWITCH = ["--action", "switch", "--skip-update-check"];
const HOST = "/etc/hypervisor/host";
const SOURCE = "/etc/hypervisor/src";

/** A machine with such a source beside it. */
class PublishedHost extends Host {
  readonly #folder = Deno.makeTempDirSync({ prefix: "published-" });
  readonly path = `${this.#folder}/Hyper-NixOS`;

  constructor(kind: MachineKind) {
    super(kind);
    Deno.chmodSync(this.#folder, 0o755);
    makePublishedSource(this.path);
  }

  install(args: readonly string[]): Promise<ToolResult> {
    return this.tool("system-installer", [...args, "--source", this.path]);
  }

  tool(name: string, args: readonly string[]): Promise<ToolResult> {
    return runTool(name, args, { ...this.launch, timeout: 120_000 });
  }

  async installed(): Promise<void> {
    const { code, stdout, stderr } = await this.install(SWITCH);
    assert.equal(code, 0, stdout + stderr);
  }

  /** What the stand-in says of the system that boots next. */
  system(): { readonly path: string; readonly facts: Record<string, unknown> } {
    const path = new Root(this.machine.root).realPath("/nix/var/nix/profiles/system");
    return { path, facts: JSON.parse(this.machine.read(`${path}/facts.json`)) };
  }

  override [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
    super[Symbol.dispose]();
  }
}

for (const kind of ["uefi", "bios", "flake", "rented", "hostile"] as const) {
  needsNix(`system-installer installs a published tree and undoes it: ${kind}`, async () => {
    using host = new PublishedHost(kind);
    const { machine } = host;
    const before = snapshotTree(machine.root, { ignore: unowned, times: true });
    const tree = snapshotTree(host.path);
    await host.installed();

    assert.equal(diffTrees(tree, snapshotTree(machine.host("/etc/hypervisor/src"))), "");
    const record = JSON.parse(machine.read("/etc/hypervisor/configuration/host.json"));
    assert.deepEqual(record, {
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

    const again = await host.install(SWITCH);
    assert.equal(again.code, 0, again.stdout + again.stderr);
    const undone = await host.tool("system-installer", ["--undo"]);
    assert.equal(undone.code, 0, undone.stdout + undone.stderr);
    const after = snapshotTree(machine.root, { ignore: unowned, times: true });
    assert.equal(diffTrees(before, after), "");
  });
}

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
  "the tools of the USB kit that installs a published tree are on PATH, with their loader",
  async () => {
    using host = new PublishedHost("uefi");
    const kit = Deno.makeTempDirSync({ prefix: "kit-" });
    try {
      const folder = `${kit}/bin/${Deno.build.arch}-linux`;
      Deno.mkdirSync(folder, { recursive: true });
      const names = ["system-installer", "smart-sync", "dev-update", "rebuild-helper", "validator"];
      for (const name of names) Deno.writeTextFileSync(`${folder}/${name}`, name);
      const options = { ...host.launch, timeout: 120_000 };
      const env = { HYPERVISOR_LAUNCHER: `${kit}/system-installer` };
      const args = [...SWITCH, "--source", host.path];
      const { code, stdout, stderr } = await runTool("system-installer", args, { ...options, env });
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

needsNix(
  "a flake of anybody's is no source that nobody named, though it is laid out the same",
  async () => {
    using host = new PublishedHost("uefi");
    const blockers = async () => {
      const options = { ...host.launch, cwd: host.path, timeout: 120_000 };
      const { stdout } = await runTool("system-installer", ["--dry-run", "--json"], options);
      return JSON.parse(stdout).blockers.map(({ message }: { message: string }) => message);
    };
    assert.deepEqual(await blockers(), ["no source of Hyper-NixOS found"]);
    const flake = `${host.path}/flake.nix`;
    Deno.writeTextFileSync(flake, `# Hyper-NixOS\n${Deno.readTextFileSync(flake)}`);
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
    host.machine.write(
      path,
      host.machine.read(path).replace(
        /\}\n$/,
        "  services.fwupd.enable = true;\n  security.sudo.wheelNeedsPassword = false;\n" +
          '  environment.etc.motd.text = "mine";\n}\n',
      ),
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
  "rebuild-helper builds an edit of the tree, and refuses where the hardware file changed",
  async () => {
    using host = new PublishedHost("uefi");
    await host.installed();
    const first = host.system().path;
    const path = "/etc/hypervisor/src/modules/core/options.nix";
    host.machine.write(
      path,
      host.machine.read(path).replace(
        /\}\n$/,
        '  config.environment.etc."edited".text = "yes";\n}\n',
      ),
    );
    const built = await host.tool("rebuild-helper", ["switch"]);
    assert.equal(built.code, 0, built.stdout + built.stderr);
    assert.notEqual(host.system().path, first);
    assert.ok(host.machine.exists(`${host.system().path}/etc/edited`));

    // The tree's own flake fails where the machine that evaluates can be looked at.
    host.stand.clear();
    await host.tool("rebuild-helper", ["--flake", `${SOURCE}#hypervisor-x86_64`, "dry-build"]);
    const own = host.stand.calls("nixos-rebuild")[0]?.args ?? [];
    assert.ok(own.some((arg) => arg.includes("hypervisor-x86_64")), own.join(" "));
    assert.ok(!own.includes("--impure"));

    const hardware = "/etc/nixos/hardware-configuration.nix";
    host.machine.write(hardware, `${host.machine.read(hardware)}# another disk\n`);
    const refused = await host.tool("rebuild-helper", ["switch"]);
    assert.equal(refused.code, 6, refused.stdout);
    assert.match(refused.stderr, /hardware-configuration\.nix is not what the host is built with/);
    assert.match(
      refused.stderr,
      /cp \/etc\/nixos\/hardware-configuration\.nix \/etc\/hypervisor\/host/,
    );
  },
);

needsNix("a source of the other layout is refused by name on an installed machine", async () => {
  using host = new PublishedHost("uefi");
  await host.installed();
  Deno.mkdirSync(`${host.path}/nix`);
  Deno.writeTextFileSync(`${host.path}/nix/host.nix`, "{ }\n");
  const { code, stderr } = await host.install(SWITCH);
  assert.equal(code, 6);
  assert.match(
    stderr,
    /is of the native layout .*, the installation here of the published layout/s,
  );
  assert.match(stderr, /system-installer --undo/);
});

needsNix(
  "a tree that is older than the machine's state version is refused unless that is allowed",
  async () => {
    using host = new PublishedHost("uefi");
    const path = "/etc/nixos/configuration.nix";
    host.machine.write(
      path,
      host.machine.read(path).replace(/stateVersion = "[^"]+"/, 'stateVersion = "24.11"'),
    );
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
  "validator knows how a published tree is laid out, and what is wrong with one",
  async () => {
    using host = new PublishedHost("uefi");
    await host.installed();
    const IDS = [
      "source-files",
      "configuration-folder",
      "flake-syntax",
      "generated-modules",
      "module-imports",
      "flake-lock",
      "flake-host",
      "evaluation",
      "host-record",
      "hypervisor-folder",
    ];
    const found = async () => {
      const { stdout } = await host.tool("validator", ["--json"]);
      const { checks } = JSON.parse(stdout) as { checks: { id: string; status: string }[] };
      return Object.fromEntries(
        checks.filter(({ id }) => IDS.includes(id)).map(({ id, status }) => [id, status]),
      );
    };
    const healthy = await found();
    assert.deepEqual(healthy, Object.fromEntries(IDS.map((id) => [id, "pass"])));
    // As the real tree's activation does.
    Deno.chmodSync(host.machine.host("/etc/hypervisor"), 0o750);
    assert.equal((await found())["hypervisor-folder"], "pass");
    const hardware = "/etc/nixos/hardware-configuration.nix";
    host.machine.write(hardware, `${host.machine.read(hardware)}# another disk\n`);
    Deno.removeSync(host.machine.host("/etc/hypervisor/src/configuration.nix"));
    Deno.removeSync(host.machine.host(`${HOST}/users-local.nix`));
    const broken = await found();
    for (const id of ["source-files", "module-imports", "generated-modules"]) {
      assert.equal(broken[id], "fail", id);
    }
    // The name is there all the same; that it builds nothing is what evaluation says.
    assert.notEqual(broken["evaluation"], "pass");
  },
);

needsNix(
  "dev-update builds a published tree's next commit, and knows when there is nothing to do",
  async () => {
    using host = new PublishedHost("uefi");
    await host.installed();
    const directory = Deno.makeTempDirSync({ prefix: "published-repository-" });
    try {
      await initRepository(directory);
      const source = host.machine.host("/etc/hypervisor/src");
      const first = await commit(directory, { changes: filesOf(source) });
      const path = "modules/core/options.nix";
      const content = host.machine.read(`/etc/hypervisor/src/${path}`)
        .replace(/\}\n$/, '  config.environment.etc."updated".text = "yes";\n}\n');
      const next = await commit(directory, { from: first, changes: [{ path, content }] });
      await using server = await GithubServer.start({
        repositories: [{ owner: "owner", name: "published", directory }],
      });
      // What an activation that succeeds does, and the stand-in does not.
      host.ends(
        "hook",
        '#!/bin/sh\ncase "$1" in test | switch) ln -sfn "$2" /run/current-system ;; esac\n',
      );
      const { api, raw, server: web } = server.together;
      const env = { GITHUB_API_URL: api, GITHUB_RAW_URL: raw, GITHUB_SERVER_URL: web };
      const update = () =>
        runTool("dev-update", ["--repo", "owner/published", "--yes"], {
          ...host.launch,
          timeout: 120_000,
          env,
        });
      const updated = await update();
      assert.equal(updated.code, 0, updated.stdout + updated.stderr);
      assert.ok(host.machine.exists(`${host.system().path}/etc/updated`));
      const state = JSON.parse(host.machine.read("/var/lib/hyper-nixos/sync/state.json"));
      assert.equal(state.commit, next);
      const nothing = await update();
      assert.equal(nothing.code, 0, nothing.stdout + nothing.stderr);
      assert.match(nothing.stdout, /nothing to do: the running system was built from/);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  },
);
