/** What servers and proxies say, told as it is; and what of it, and of URLs, must never be shown. */
import { equal, match, ok } from "node:assert/strict";
import { hasCommand } from "../support/has_command.ts";
import type { Fault } from "../support/github/faults.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";

const NO_GIT = { match: { role: "git" }, fault: { kind: "status", status: 404 } } as const;

/** A status and what it says; the exit code that it means. */
const ANSWERS: readonly (readonly [status: number, body: string, code: number])[] = [
  [403, "You have exceeded a secondary rate limit. Please wait a few minutes.", 5],
  [403, "API rate limit exceeded for installation", 5],
  [403, "You have triggered an abuse detection mechanism", 5],
  [403, "Resource protected by organization SAML enforcement", 3],
  [403, "", 3],
  [401, "Requires authentication", 3],
  [404, "Not Found", 4],
  [422, "No commit found for SHA", 4],
  [407, "Proxy Authentication Required", 5],
  [409, "Git Repository is empty.", 5],
  [410, "This repository is gone", 5],
  [418, "I am a teapot", 5],
  [451, "Repository access blocked", 5],
  [511, "Network Authentication Required", 5],
];

Deno.test("smart-sync says what a server said, and only 404 and 422 mean that there is none", async (t) => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  for (const [status, body, code] of ANSWERS) {
    await t.step(`${status} ${body}`, async () => {
      machine.server.faults.set([
        NO_GIT,
        { match: { role: "api" }, fault: { kind: "status", status, body } },
      ]);
      const { stderr } = await machine.expect(code);
      if (code === 4) match(stderr, /has no "main", or there is no such repository/);
      else ok(stderr.includes(`answers ${status}${body && ` (${body})`}`), stderr);
      await machine.expectCommit(first);
    });
  }
});

Deno.test("smart-sync waits as long as Retry-After says", async () => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  for (const status of [429, 403, 503] as const) {
    const headers = { "retry-after": "2" };
    machine.server.faults.set([
      NO_GIT,
      { match: { role: "api", nth: 1 }, fault: { kind: "status", status, headers } },
    ]);
    machine.server.requests.length = 0;
    await machine.expect(0, ["--check-only"]);
    const [asked, again] = machine.server.requests.filter(({ role }) => role === "api");
    ok(again!.started - asked!.started >= 1900, `${again!.started - asked!.started} ms`);
  }
});

Deno.test("smart-sync shows no user, password or query of any URL", async () => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  const log = `${machine.root}/var/log/hypervisor/smart-sync.log`;
  const hidden = async (code: number, args: string[], env: Record<string, string> = {}) => {
    const { stdout, stderr } = await machine.expect(code, ["--verbose", ...args], { env });
    const shown = stdout + stderr + await Deno.readTextFile(log).catch(() => "");
    ok(!/secret/i.test(shown), shown);
    return shown;
  };
  const { api } = machine.server.apart;
  for (
    const url of [
      api.replace("//", "//user:secret@"),
      api.replace("//", "//:secret@"),
      `${api}?token=secret`,
      `${api}#secret`,
      "user:secret@host",
    ]
  ) match(await hidden(4, [], { GITHUB_API_URL: url }), /GITHUB_API_URL is not a plain http/);
  await hidden(0, ["--ref", first, "--repo", "https://user:secret@github.com/owner/awkward.git"]);
  await hidden(0, [], { HYPERVISOR_REPO: "https://user:secret@github.com/owner/awkward" });
  await hidden(4, ["--repo", "https://user:secret@github.com/owner/awkward/more"]);
  await hidden(4, ["--repo", "user:secret@github.com/owner"]);
  // An archive's address has a token of its own, and the runtime's errors have the address.
  for (const location of ["http://127.0.0.1:2/a?token=secret", "http://u:secret@127.0.0.1:2/"]) {
    for (const role of ["api", "git", "raw"] as const) {
      const fault: Fault = { kind: "redirect", location };
      machine.server.faults.set(
        role === "git" ? [{ match: {}, fault }] : [NO_GIT, { match: { role }, fault }],
      );
      const shown = await hidden(role === "raw" ? 0 : 5, ["--force-full"]);
      ok(shown.includes("127.0.0.1:2") || role === "raw", shown);
    }
  }
});

Deno.test("smart-sync shows nothing of a server as if it were its own", async () => {
  await using machine = await SyncedMachine.start();
  await machine.expect(0);
  const marks = "\u{F0010} all is well \u{F0004}\x1b[32m✓\u{F0000}";
  machine.server.faults.set([{ match: {}, fault: { kind: "status", status: 500, body: marks } }]);
  const { stderr } = await machine.expect(5, ["--verbose"]);
  match(stderr, /\\u\{f0010\} all is well \\u\{f0004\}\\x1b\[32m/);
  // deno-lint-ignore no-control-regex
  ok(!/[\x1b\u{F0000}-\u{F001F}]/u.test(stderr));
});

Deno.test("smart-sync takes NO_PROXY=* for addresses, too", async () => {
  await using machine = await SyncedMachine.start();
  const proxy = "http://127.0.0.1:2";
  for (const name of ["http_proxy", "HTTP_PROXY", "all_proxy"]) {
    const env = { [name]: proxy };
    await machine.expect(5, ["--check-only"], { env });
    for (const exceptions of ["*", "example.org, *"]) {
      await machine.expect(0, ["--check-only"], { env: { ...env, NO_PROXY: exceptions } });
    }
    await machine.expect(0, ["--check-only"], { env: { ...env, no_proxy: "*" } });
  }
});

Deno.test({
  name: "smart-sync does not follow a redirect from https to http",
  ignore: !hasCommand("openssl"),
  fn: async () => {
    await using machine = await SyncedMachine.start({ tls: true });
    await using plain = await SyncedMachine.start();
    const { first, second } = machine.repository;
    await machine.expect(0, ["--ref", first]);
    for (const role of ["git", "api", "raw", "codeload"] as const) {
      const { api, raw, server } = plain.server.apart;
      const location = { git: server, api, raw, codeload: server, web: server }[role] + "/x";
      machine.server.faults.set([
        ...(role === "git" ? [] : [NO_GIT]),
        { match: { role }, fault: { kind: "redirect", location } },
      ]);
      const { code, stderr } = await machine.sync(["--verbose"]);
      ok(code === 0 || code === 5, stderr);
      equal(plain.server.requests.length, 0, role);
      await machine.expectCommit(code === 0 ? second : first);
      machine.server.faults.clear();
      await machine.expect(0, ["--ref", first]);
    }
  },
});
