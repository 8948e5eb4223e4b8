/** The installer's update check, against a real repository on a loopback server. */
import assert from "node:assert/strict";
import { ORIGIN_FILE } from "../../lib/install/source/checkout_origin.ts";
import { runTool } from "../support/executable.ts";
import { GithubServer } from "../support/github/server.ts";
import { needsNix } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { diffTrees, snapshotTree } from "../support/tree.ts";
import { source, unowned } from "./installer.ts";

const ACTION = ["--action", "build"];

needsNix(
  "system-installer updates the source it was given from GitHub, and undoes that too",
  async () => {
    using machine = scratchMachine("rented");
    using programs = standIns();
    using from = source();
    // Upstream is one commit ahead of the source: a file more.
    const upstream = `${from.path}-upstream`;
    const asSomebody = "-c user.name=t -c user.email=t@example.org";
    await sh(
      `cp -r ${from.path} ${upstream} && cd ${upstream} && echo new > NEWS && ` +
        `git init -q -b main && git add --all && git ${asSomebody} commit -q -m ahead`,
    );
    await using server = await GithubServer.start({
      repositories: [{ owner: "MasterofNull", name: "Hyper-NixOS", directory: `${upstream}/.git` }],
    });
    const { api, raw, server: web } = server.apart;
    const env = {
      GITHUB_API_URL: api,
      GITHUB_RAW_URL: raw,
      GITHUB_SERVER_URL: web,
    };
    const before = snapshotTree(machine.root, { ignore: unowned });
    const options = { root: machine.root, standIns: programs.folder, env };
    const installed = await runTool(
      "system-installer",
      [...ACTION, "--source", from.path],
      options,
    );
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    assert.match(installed.stdout, /updated to MasterofNull\/Hyper-NixOS [0-9a-f]{12}: 1 added/);
    assert.equal(machine.read("/etc/hypervisor/src/NEWS"), "new\n");

    const undone = await runTool("system-installer", ["--undo"], options);
    assert.equal(undone.code, 0, undone.stderr);
    assert.equal(diffTrees(before, snapshotTree(machine.root, { ignore: unowned })), "");
    assert.ok(
      !machine.exists("/var/lib/hyper-nixos/sync"),
      "what it knew of the tree goes with it",
    );
  },
);

needsNix(
  "system-installer knows the commit of a source without .git, so that its first update deletes too",
  async () => {
    using machine = scratchMachine("rented");
    using programs = standIns();
    using from = source();
    // The source is upstream's first commit; the second takes a file away.
    const upstream = `${from.path}-upstream`;
    const git = "git -c user.name=t -c user.email=t@example.org";
    await sh(
      `echo old > ${from.path}/OLD && cp -r ${from.path} ${upstream} && cd ${upstream} && ` +
        `git init -q -b main && git add --all && ${git} commit -q -m first && ` +
        `git rev-parse HEAD > ../commit && git rm -q OLD && ${git} commit -q -m second`,
    );
    const commit = Deno.readTextFileSync(`${from.path}/../commit`).trim();
    const origin = { repository: "owner/fork", commit };
    Deno.writeTextFileSync(`${from.path}/../${ORIGIN_FILE}`, JSON.stringify(origin));
    await using server = await GithubServer.start({
      repositories: [{ owner: "owner", name: "fork", directory: `${upstream}/.git` }],
    });
    const { api, raw, server: web } = server.apart;
    const installed = await runTool("system-installer", [...ACTION, "--source", from.path], {
      root: machine.root,
      standIns: programs.folder,
      env: { GITHUB_API_URL: api, GITHUB_RAW_URL: raw, GITHUB_SERVER_URL: web },
    });
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    assert.match(
      installed.stdout,
      /updated to owner\/fork [0-9a-f]{12}: 0 added, 0 updated, 1 deleted/,
    );
    assert.equal(machine.exists("/etc/hypervisor/src/OLD"), false);
    assert.equal(machine.exists("/etc/hypervisor/src/flake.nix"), true);
  },
);

needsNix("system-installer without a network installs what it has", async () => {
  using machine = scratchMachine("rented");
  using programs = standIns();
  using from = source();
  const nobody = "http://127.0.0.1:1";
  const env = { GITHUB_API_URL: nobody, GITHUB_RAW_URL: nobody, GITHUB_SERVER_URL: nobody };
  const installed = await runTool("system-installer", [...ACTION, "--source", from.path], {
    root: machine.root,
    standIns: programs.folder,
    env,
  });
  assert.equal(installed.code, 0, installed.stdout + installed.stderr);
  assert.match(installed.stderr, /no update: .*going on with the source as it is/);
  assert.match(installed.stdout, /built \/nix\/store/);
});

async function sh(script: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", script],
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
