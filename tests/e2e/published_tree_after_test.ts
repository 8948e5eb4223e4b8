/** An installed published tree: rebuilt, validated, updated, and kept from another layout. */
import assert from "node:assert/strict";
import { filesOf } from "../support/files_of.ts";
import { GithubServer } from "../support/github/server.ts";
import { needsNix } from "../support/needs.ts";
import { commit, initRepository } from "../support/repositories.ts";
import { shared } from "../support/shared.ts";
import { HOST, PublishedHost, SWITCH } from "./published_host.ts";

/** One installation for all tests of this file. */
const installed = shared(async () => {
  const host = new PublishedHost("uefi");
  await host.installed();
  return host;
});

needsNix(
  "rebuild-helper builds an edit of the tree, and refuses where the hardware file changed",
  async () => {
    using host = new PublishedHost((await installed()).machine);
    const first = host.system().path;
    const path = "/etc/hypervisor/src/modules/core/options.nix";
    host.machine.change(path, /\}\n$/, '  config.environment.etc."edited".text = "yes";\n}\n');
    const built = await host.tool("rebuild-helper", ["switch"]);
    assert.equal(built.code, 0, built.stdout + built.stderr);
    assert.notEqual(host.system().path, first);
    assert.ok(host.machine.exists(`${host.system().path}/etc/edited`));

    // The tree's own flake fails where the machine that evaluates can be looked at.
    host.stand.clear();
    await host.tool("rebuild-helper", [
      "--flake",
      "/etc/hypervisor/src#hypervisor-x86_64",
      "dry-build",
    ]);
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

needsNix(
  "validator knows how a published tree is laid out, and what is wrong with one",
  async () => {
    using host = new PublishedHost((await installed()).machine);
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
      "log-folders",
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
    Deno.chmodSync(host.machine.host("/var/log/hypervisor"), 0o750);
    assert.deepEqual(await found(), healthy);
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
    using host = new PublishedHost((await installed()).machine);
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
      const update = () => host.tool("dev-update", ["--repo", "owner/published", "--yes"], { env });
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

needsNix("a source of the other layout is refused by name on an installed machine", async () => {
  using host = new PublishedHost((await installed()).machine);
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

needsNix("--undo says what a tree's own activation has left in its folders", async () => {
  using host = new PublishedHost("uefi");
  await host.installed();
  host.machine.write("/etc/hypervisor/reports/security.md", "theirs\n");
  const { code, stdout, stderr } = await host.tool("system-installer", ["--undo"]);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /\/etc\/hypervisor stays, with what this .* did not make: reports$/m);
  assert.equal(host.machine.read("/etc/hypervisor/reports/security.md"), "theirs\n");
});
