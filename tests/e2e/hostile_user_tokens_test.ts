/** Another user of the machine, who puts links and pipes where root's tools look for a token. */
import { doesNotMatch, equal, match, ok } from "node:assert/strict";
import type { ReportDocument } from "../../lib/validate/document.ts";
import { runTool, startTool } from "../support/executable.ts";
import { ALICE } from "../support/hostile/stranger.ts";
import { hasSetpriv } from "../support/needs.ts";
import { makeFifo } from "../support/scratch_files.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";
import { until } from "../support/until.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";

const TOKEN = "/home/alice/.config/github/token";

function mode(path: string): number {
  return Deno.statSync(path).mode! & 0o7777;
}

/** Gives alice a folder for her token, and returns its host path. */
function tokenFolder(machine: ScratchMachine): string {
  for (const part of ["/.config", "/.config/github"]) {
    Deno.mkdirSync(machine.host(`/home/alice${part}`), { recursive: true });
    Deno.chmodSync(machine.host(`/home/alice${part}`), 0o755);
    Deno.chownSync(machine.host(`/home/alice${part}`), ALICE.uid, ALICE.gid);
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
    Deno.chownSync(token, ALICE.uid, ALICE.gid);
    await validator(machine, ["--fix", "--quick"]);
    equal(mode(token), 0o600);
    equal(Deno.statSync(token).uid, ALICE.uid);
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
    await using _user = startTool("/bin/sh", ["-c", script, "sh", folder], { uid: ALICE.uid });
    await until("the user has begun", () => machine.exists(TOKEN) || undefined);
    for (let run = 0; run < 3; run++) {
      const { stderr } = await validator(machine, ["--fix", "--quick"]);
      doesNotMatch(stderr, /this is a bug/);
      equal(mode(machine.host("/etc/precious")), 0o644);
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
      uid: ALICE.uid,
      env: { ...machine.env, HOME: "/home/alice" },
    });
    match(own.stderr, /belongs to user 1001/);
    ok(machine.server.requests.every(({ headers }) => headers["authorization"] === undefined));
    Deno.removeSync(`${folder}/token`);
    makeFifo(`${folder}/token`);
    const waited = await sent();
    equal(waited.token, "none");
    match(waited.said, /token is not used: it is a fifo/);
  },
});
