/**
 * Another user of the machine, who owns or can write a folder that root's tools work in: a log's, the source
 * tree's, a checkout. Nothing of root's changes, nothing of root's is told, nothing waits.
 */
import { deepEqual, doesNotMatch, equal, match, notEqual, ok } from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { ALICE } from "../support/hostile/stranger.ts";
import { mustRun } from "../support/must_run.ts";
import { hasSetpriv, needsNix } from "../support/needs.ts";
import { makeFifo } from "../support/scratch_files.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { snapshotTree } from "../support/tree.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";

const LOGS = "/var/log/hypervisor";

Deno.test({
  name: "tools write no log into a folder that another user could change, and go on",
  ignore: !hasSetpriv,
  fn: async () => {
    const plays: readonly (readonly [string, (m: ScratchMachine, folder: string) => unknown])[] = [
      [
        "a link to nothing",
        (_, folder) => Deno.symlinkSync("/etc/nologin", `${folder}/validator.log`),
      ],
      [
        "a link to a file",
        (_, folder) => Deno.symlinkSync("/etc/precious", `${folder}/validator.log`),
      ],
      ["a pipe", (_, folder) => makeFifo(`${folder}/validator.log`)],
      ["nothing", () => {}],
    ];
    using machine = scratchMachine("uefi");
    const folder = machine.host(LOGS);
    for (const [what, play] of plays) {
      for (const owner of [ALICE.uid, 0]) {
        machine.write("/etc/precious", "precious\n", 0o644);
        Deno.mkdirSync(folder, { recursive: true });
        Deno.chmodSync(folder, owner === 0 ? 0o775 : 0o755);
        Deno.chownSync(folder, owner, 100);
        await play(machine, folder);
        const { code, stderr } = await runTool("validator", ["--quick"], { inside: machine.root });
        notEqual(code, 1, stderr);
        match(
          stderr,
          /no log file is written: \/var\/log\/hypervisor (?:belongs to|can be written)/,
        );
        equal(machine.exists("/etc/nologin"), false, what);
        equal(machine.read("/etc/precious"), "precious\n", what);
        Deno.removeSync(folder, { recursive: true });
      }
    }
    // Also where nobody but root has put it there.
    makeFifo(machine.host(`${LOGS}/validator.log`));
    const { stderr } = await runTool("validator", ["--quick"], { inside: machine.root });
    match(stderr, /no log file is written: .*validator\.log is a pipe, not a regular file/);
  },
});

needsNix(
  "git in a user's checkout runs as that user, is told no secret, and holds nobody up",
  async () => {
    using machine = scratchMachine("uefi");
    using programs = standIns();
    const checkout = machine.host("/home/alice/config");
    machine.write(
      "/home/alice/config/flake.nix",
      "{ outputs = _: { nixosConfigurations = { }; }; }",
    );
    const git = (...args: string[]) => mustRun("git", ["-C", checkout, ...args]);
    git("init", "-q");
    git("add", ".");
    // What it starts has left its group, and keeps its error output open.
    const bait = "/home/alice/config/.git/bait";
    machine.write(
      bait,
      `#!/bin/sh\n[ "$(id -u)" = 1000 ] || exit 1\nenv > ${bait}.env\n` +
        `setsid sleep 600 > /dev/null &\necho $! > ${bait}.pid\nexit 1\n`,
      0o755,
    );
    git("config", "core.fsmonitor", bait);
    mustRun("chown", ["-R", `${ALICE.uid}:${ALICE.gid}`, checkout]);
    const flake = "/home/alice/config";
    const { stderr } = await runTool("rebuild-helper", ["--flake", flake, "--host", "x", "build"], {
      inside: machine.root,
      standIns: programs.folder,
      env: { NIX_CONFIG: "access-tokens = github.com=secret-of-root", https_proxy: "http://u:p@p" },
    });
    match(machine.read(`${bait}.env`), /^HOME=\/$/m, stderr);
    doesNotMatch(machine.read(`${bait}.env`), /secret-of-root|u:p@p/);
    Deno.kill(Number(machine.read(`${bait}.pid`)), "SIGKILL");
  },
);

needsNix("the source tree is changed only in a folder that root alone can write", async () => {
  await using machine = await SyncedMachine.start();
  const folder = `${machine.root}/etc/hypervisor`;
  await machine.expect(0);
  const tries: readonly (readonly [uid: number, mode: number])[] = [
    [ALICE.uid, 0o755],
    [0, 0o775],
    [0, 0o777],
  ];
  for (const [uid, mode] of tries) {
    Deno.chownSync(folder, uid, 100);
    Deno.chmodSync(folder, mode);
    for (const args of [["--ref", "v1"], ["--rollback"]]) {
      const { stderr } = await machine.expect(3, args);
      match(stderr, /etc\/hypervisor (?:belongs to user 1000|can be written by)/);
    }
  }
  Deno.chownSync(folder, 0, 0);
  Deno.chmodSync(folder, 0o755);
  // What she has put there meanwhile is no change of ours.
  const staging = `${folder}/.src-staging-0badf00d`;
  Deno.mkdirSync(`${staging}/previous/tree`, { recursive: true });
  Deno.writeTextFileSync(
    `${staging}/journal.json`,
    JSON.stringify({ version: 1, operations: [{ do: "aside", path: "README.md" }] }),
  );
  Deno.chownSync(staging, ALICE.uid, ALICE.gid);
  const before = snapshotTree(machine.tree);
  await machine.expect(0, ["--check-only"]);
  await machine.expect(0);
  deepEqual(snapshotTree(machine.tree), before);
  ok(Deno.statSync(`${staging}/journal.json`).isFile);
});
