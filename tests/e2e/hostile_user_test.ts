/**
 * Other users of the machine, who put links, pipes and files of their own where root's tools look: nothing
 * of root's changes, nothing of root's is told, nothing waits.
 */
import { deepEqual, doesNotMatch, equal, match, notEqual, ok } from "node:assert/strict";
import type { ReportDocument } from "../../lib/validate/document.ts";
import { runTool, startTool } from "../support/executable.ts";
import { hasSetpriv, needsNix } from "../support/needs.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";
import { shared } from "../support/shared.ts";
import { standIns } from "../support/stand_ins.ts";
import { snapshotTree } from "../support/tree.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";
import { installer, source } from "./installer.ts";

const ALICE = 1000;
const TOKEN = "/home/alice/.config/github/token";
const LOGS = "/var/log/hypervisor";

function mode(path: string): number {
  return Deno.statSync(path).mode! & 0o7777;
}

async function mkfifo(path: string): Promise<void> {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o755 });
  equal((await new Deno.Command("mkfifo", { args: [path] }).output()).code, 0);
}

/** Gives alice a folder for her token, and returns its host path. */
function tokenFolder(machine: ScratchMachine): string {
  for (const part of ["/.config", "/.config/github"]) {
    Deno.mkdirSync(machine.host(`/home/alice${part}`), { recursive: true });
    Deno.chmodSync(machine.host(`/home/alice${part}`), 0o755);
    Deno.chownSync(machine.host(`/home/alice${part}`), ALICE, 100);
  }
  return machine.host("/home/alice/.config/github");
}

function validator(machine: ScratchMachine, args: readonly string[]) {
  return runTool("validator", args, { inside: machine.root });
}

Deno.test({
  name: "validator --fix closes a user's token, and nothing that the token's path leads to",
  ignore: !hasSetpriv,
  fn: async () => {
    using machine = scratchMachine("uefi");
    machine.write("/etc/precious", "everyone reads this\n", 0o644);
    const precious = machine.host("/etc/precious");
    const folder = tokenFolder(machine);
    const token = machine.host(TOKEN);
    const home = machine.host("/home/alice/.config");
    const tricks: readonly (readonly [what: string, play: () => void])[] = [
      ["a link", () => Deno.symlinkSync("/etc/precious", token)],
      ["a relative link", () => Deno.symlinkSync("../../../../etc/precious", token)],
      ["a hard link", () => Deno.linkSync(precious, token)],
      ["a folder that is a link", () => {
        machine.write("/etc/token", "everyone reads this\n", 0o644);
        Deno.removeSync(folder);
        Deno.symlinkSync("/etc", folder);
      }],
      ["a folder above that is a link", () => {
        machine.write("/etc/github/token", "everyone reads this\n", 0o644);
        Deno.removeSync(home, { recursive: true });
        Deno.symlinkSync("/etc", home);
      }],
    ];
    for (const [what, play] of tricks) {
      play();
      const { stdout, stderr } = await validator(machine, ["--fix", "--quick", "--json"]);
      doesNotMatch(stderr, /this is a bug/, what);
      for (const path of ["/etc/precious", "/etc/token", "/etc/github/token"]) {
        if (machine.exists(path)) equal(mode(machine.host(path)), 0o644, `${what}: ${path}`);
      }
      const { checks } = JSON.parse(stdout) as ReportDocument;
      const { remedy } = checks.find(({ id }) => id === "github-token")!;
      // By hand it must not be done with root's rights either.
      doesNotMatch(remedy ?? "", /^(?:sudo )?chmod|; chmod/, what);
      if (Deno.lstatSync(home).isSymlink) Deno.removeSync(home);
      tokenFolder(machine);
      if (Deno.lstatSync(folder).isSymlink) Deno.removeSync(folder);
      tokenFolder(machine);
      if (machine.exists(TOKEN)) Deno.removeSync(token);
    }

    Deno.writeTextFileSync(token, "token-of-alice\n");
    Deno.chmodSync(token, 0o644);
    Deno.chownSync(token, ALICE, 100);
    await validator(machine, ["--fix", "--quick"]);
    equal(mode(token), 0o600);
    equal(Deno.statSync(token).uid, ALICE);
  },
});

Deno.test({
  name: "validator --fix changes nothing of root's while a user exchanges the token for a link",
  ignore: !hasSetpriv,
  fn: async () => {
    using machine = scratchMachine("uefi");
    machine.write("/etc/precious", "everyone reads this\n", 0o644);
    const folder = tokenFolder(machine);
    // Now the file, now the link, until it is told to stop.
    const script = 'cd "$1"; while :; do echo x > plain; chmod 0644 plain; mv plain token; ' +
      "ln -sf /etc/precious link; mv link token; done";
    await using user = new Deno.Command("setpriv", {
      args: ["--reuid=1000", "--regid=100", "--clear-groups", "sh", "-c", script, "sh", folder],
    }).spawn();
    try {
      for (let run = 0; run < 3; run++) {
        const { stderr } = await validator(machine, ["--fix", "--quick"]);
        doesNotMatch(stderr, /this is a bug/);
        equal(mode(machine.host("/etc/precious")), 0o644);
      }
    } finally {
      user.kill("SIGKILL");
    }
  },
});

Deno.test({
  name: "smart-sync takes the token that its user may read, and never one of somebody else",
  ignore: !hasSetpriv,
  fn: async () => {
    await using machine = await SyncedMachine.start({
      tokens: ["token-of-alice", "token-of-root"],
    });
    using user = scratchMachine("uefi");
    for (const folder of ["hypervisor", ""]) {
      Deno.mkdirSync(user.host(`/etc/${folder}`), { recursive: true });
    }
    const folder = tokenFolder(user);
    user.write("/root/secret", "token-of-root\n", 0o600);
    user.write("/run/secrets/alice", "token-of-alice\n", 0o640);
    Deno.chownSync(user.host("/run/secrets/alice"), 0, 100);
    user.write("/home/bob-token", "token-of-root\n", 0o644);
    Deno.chownSync(user.host("/home/bob-token"), 1001, 100);
    const sent = async () => {
      machine.server.requests.length = 0;
      const { stderr } = await runTool("smart-sync", ["--check-only"], {
        inside: user.root,
        env: { ...machine.env, SUDO_USER: "alice", SUDO_UID: "1000" },
      });
      const tokens = machine.server.requests.map(({ headers }) => headers["authorization"] ?? "");
      ok(tokens.length > 0, stderr);
      const token = tokens.find((one) => one !== "") ?? "none";
      return { said: stderr, token: token.startsWith("Basic ") ? atob(token.slice(6)) : token };
    };
    const link = (target: string) => {
      if (user.exists(TOKEN)) Deno.removeSync(`${folder}/token`);
      Deno.symlinkSync(target, `${folder}/token`);
    };
    link("/run/secrets/alice");
    const hers = await sent();
    match(hers.token, /token-of-alice/, hers.said);
    for (
      const [target, problem] of [
        ["/root/secret", undefined],
        ["/etc/shadow", /cannot be read|is too large/],
        ["/home/bob-token", /belongs to user 1001/],
      ] as const
    ) {
      link(target);
      const { said, token } = await sent();
      equal(token, "none", target);
      if (problem) match(said, problem);
      doesNotMatch(said, /token-of|\$6\$/);
    }
    // Not either when it is she herself who runs it.
    machine.server.requests.length = 0;
    const own = await runTool("smart-sync", ["--check-only"], {
      inside: user.root,
      uid: ALICE,
      env: { ...machine.env, HOME: "/home/alice" },
    });
    match(own.stderr, /belongs to user 1001/);
    ok(machine.server.requests.every(({ headers }) => headers["authorization"] === undefined));
    Deno.removeSync(`${folder}/token`);
    await mkfifo(`${folder}/token`);
    const waited = await sent();
    equal(waited.token, "none");
    match(waited.said, /token is not used: it is a fifo/);
  },
});

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
      ["a pipe", (_, folder) => mkfifo(`${folder}/validator.log`)],
      ["nothing", () => {}],
    ];
    using machine = scratchMachine("uefi");
    const folder = machine.host(LOGS);
    for (const [what, play] of plays) {
      for (const owner of [ALICE, 0]) {
        machine.write("/etc/precious", "precious\n", 0o644);
        Deno.mkdirSync(folder, { recursive: true });
        Deno.chmodSync(folder, owner === 0 ? 0o775 : 0o755);
        Deno.chownSync(folder, owner, 100);
        await play(machine, folder);
        const { code, stderr } = await validator(machine, ["--quick"]);
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
    await mkfifo(machine.host(`${LOGS}/validator.log`));
    const { stderr } = await validator(machine, ["--quick"]);
    match(stderr, /no log file is written: .*validator\.log is a pipe, not a regular file/);
  },
});

/** Where pipes hung a tool, together if it looks at each of them whatever another is, and that tool. */
const PIPES: readonly (readonly [
  paths: readonly string[],
  tool: string,
  args: readonly string[],
])[] = [
  [["/etc/sudoers"], "validator", []],
  [["/etc/passwd"], "validator", []],
  [["/etc/hypervisor/configuration/host.json"], "validator", []],
  [["/etc/hypervisor/configuration/host.json"], "rebuild-helper", ["build"]],
  [
    [
      "/etc/sudoers.d/alice",
      "/etc/doas.conf",
      "/etc/hypervisor/configuration/system-local.nix",
      "/etc/hypervisor/src/flake.lock",
      "/var/lib/libvirt/qemu/guest.xml",
      "/var/lib/hyper-nixos/sync/state.json",
    ],
    "validator",
    [],
  ],
  [["/etc/hypervisor/configuration/system-local.nix"], "system-installer", [
    "--dry-run",
    "--verbose",
  ]],
  [["/etc/hypervisor/configuration/local.nix"], "rebuild-helper", ["build"]],
  [["/etc/hypervisor/configuration/local.nix"], "system-installer", ["--dry-run"]],
  [["/etc/hypervisor/src/flake.nix"], "validator", []],
  [["/etc/hypervisor/src/flake.nix"], "rebuild-helper", ["build"]],
  [["/etc/nixos/configuration.nix"], "system-installer", ["--dry-run"]],
  [["/etc/nixos/hardware-configuration.nix"], "system-installer", ["--dry-run"]],
  [["/var/lib/hyper-nixos/sync/state.json"], "dev-update", ["--yes"]],
  [
    ["/var/lib/hyper-nixos/receipts/20200101T000000Z.json"],
    "system-installer",
    ["--undo", "--yes"],
  ],
];
/** A source that these tests leave as it is. */
const hyperNixos = shared(() => source());

for (const [paths, tool, args] of PIPES) {
  needsNix(`${tool} ${args.join(" ")} waits for no pipe at ${paths.join(", ")}`, async () => {
    using machine = scratchMachine("uefi");
    using programs = standIns();
    const from = await hyperNixos();
    for (const folder of ["/etc/hypervisor", "/etc/hypervisor/configuration"]) {
      Deno.mkdirSync(machine.host(folder), { recursive: true });
      Deno.chmodSync(machine.host(folder), 0o755);
    }
    Deno.mkdirSync(machine.host("/var/lib/hyper-nixos"), { recursive: true });
    Deno.chmodSync(machine.host("/var/lib/hyper-nixos"), 0o700);
    if (!paths.includes("/etc/hypervisor/src/flake.nix")) {
      machine.write("/etc/hypervisor/src/flake.nix", "{ outputs = _: { }; }\n");
    }
    for (const path of paths) {
      if (machine.exists(path)) Deno.removeSync(machine.host(path));
      await mkfifo(machine.host(path));
    }
    const named = tool === "system-installer" && !args.includes("--undo");
    const result = await runTool(tool, [...args, ...(named ? ["--source", from.path] : [])], {
      inside: machine.root,
      standIns: programs.folder,
      env: { GITHUB_API_URL: "http://127.0.0.1:9" },
      timeout: 100_000,
    });
    const said = result.stdout + result.stderr;
    doesNotMatch(said, /this is a bug/);
    ok([0, 1, 3, 4, 5, 6].includes(result.code), said);
  });
}

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
    const git = async (...args: string[]) => {
      const { success } = await new Deno.Command("git", { args: ["-C", checkout, ...args] })
        .output();
      ok(success, args.join(" "));
    };
    await git("init", "-q");
    await git("add", ".");
    // What it starts has left its group, and keeps its error output open.
    const bait = "/home/alice/config/.git/bait";
    machine.write(
      bait,
      `#!/bin/sh\n[ "$(id -u)" = 1000 ] || exit 1\nenv > ${bait}.env\n` +
        `setsid sleep 600 > /dev/null &\necho $! > ${bait}.pid\nexit 1\n`,
      0o755,
    );
    await git("config", "core.fsmonitor", bait);
    const { success } = await new Deno.Command("chown", {
      args: ["-R", `${ALICE}:100`, checkout],
    }).output();
    ok(success);
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
    [ALICE, 0o755],
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
  Deno.chownSync(staging, ALICE, 100);
  const before = snapshotTree(machine.tree);
  await machine.expect(0, ["--check-only"]);
  await machine.expect(0);
  deepEqual(snapshotTree(machine.tree), before);
  ok(Deno.statSync(`${staging}/journal.json`).isFile);
});

needsNix("a source's pipes are named or left out, and hold nobody up", async () => {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  using from = source();
  await mkfifo(`${from.path}/.git/config`);
  const run = installer(machine, programs, from);
  const refused = await run(["--action", "build", "--skip-update-check"]);
  equal(refused.code, 6, refused.stderr);
  match(refused.stderr, /\.git\/config is a pipe, not a regular file/);
  Deno.removeSync(`${from.path}/.git`, { recursive: true });
  await mkfifo(`${from.path}/lib/module.nix`);
  const read = await run(["--dry-run"]);
  equal(read.code, 0, read.stderr);
  match(read.stdout, /lib\/module\.nix\s+is\s+a\s+pipe,\s+not\s+a\s+regular\s+file/);
  Deno.removeSync(`${from.path}/lib/module.nix`);
  await mkfifo(`${from.path}/lib/pipe`);
  const plan = await run(["--dry-run"]);
  equal(plan.code, 0, plan.stderr);
});

needsNix("a tool that meets a pipe in a program's place hears TERM", async () => {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  using from = source();
  // Nix, too, reads it: a child of ours waits, and is ended with us.
  Deno.removeSync(machine.host("/etc/nixos/configuration.nix"));
  await mkfifo(machine.host("/etc/nixos/configuration.nix"));
  await using running = startTool("system-installer", ["--dry-run", "--source", from.path], {
    inside: machine.root,
    standIns: programs.folder,
  });
  const ended = running.result;
  const first = await Promise.race([
    ended.then(() => "ended"),
    new Promise((resolve) => setTimeout(() => resolve("waits"), 8_000)),
  ]);
  if (first === "waits") running.kill("SIGTERM");
  const { code } = await ended;
  deepEqual(first === "waits" ? code : 143, 143);
});
