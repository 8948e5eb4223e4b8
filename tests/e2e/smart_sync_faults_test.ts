/** What servers and networks do wrong, in every phase, seen through the executable. */
import { equal, match, ok } from "node:assert/strict";
import { patience, SyncedMachine } from "../sync/synced_machine.ts";
import type { Fault, FaultMatch } from "../support/github/faults.ts";

/** The requests of an update over git's protocol, and over the API with files or the archive. */
const PHASES: Readonly<Record<string, FaultMatch>> = {
  "resolving over git": { role: "git", nth: 1 },
  "the pack over git": { role: "git", nth: 2 },
};
const API_PHASES: Readonly<Record<string, FaultMatch>> = {
  "the commit over the API": { role: "api", path: "/commits/", nth: 1 },
  "the list of paths": { role: "api", path: "/git/trees/", nth: 1 },
  "a raw file": { role: "raw", nth: 1 },
};
const FAULTS: Readonly<Record<string, Fault>> = {
  "status 500": { kind: "status", status: 500 },
  "status 502 with a page": { kind: "status", status: 502, body: "<html>Bad gateway</html>" },
  "a reset in mid-body": { kind: "reset", after: 30 },
  "a body that is cut, length and all": { kind: "truncate", after: 20, length: "short" },
  "a body shorter than announced": { kind: "truncate", after: 20, length: "full" },
  "a stall in mid-body": { kind: "stall", after: 10 },
  "a stall before the answer": { kind: "stall" },
  "a flipped byte": { kind: "corrupt", at: 30 },
  "another content": { kind: "content", body: "{ not what was asked for" },
  "429 with Retry-After": { kind: "secondary-limit", status: 429, retryAfter: 1 },
};
const NO_GIT = [{ match: { role: "git" }, fault: { kind: "status", status: 404 } }] as const;

for (const [name, fault] of Object.entries(FAULTS)) {
  Deno.test(`smart-sync gets over ${name}, whichever request it meets`, async () => {
    await using machine = await SyncedMachine.start();
    const { first, second } = machine.repository;
    const { faults } = machine.server;
    const back = ["--ref", "light"];
    await machine.expect(0, back);
    const phases = Object.entries({ ...PHASES, ...API_PHASES });
    for (const [index, [phase, where]] of phases.entries()) {
      // To and fro: both ways there is something new.
      const [args, commit] = index % 2 === 0 ? [[], second] : [back, first];
      const withoutGit = phase in API_PHASES ? NO_GIT : [];
      faults.set([...withoutGit, { match: where, fault }]);
      const met = faults.met + withoutGit.length;
      await machine.expect(0, args, patience(fault));
      ok(faults.met > met, `no request met it: ${phase}`);
      await machine.expectCommit(commit);
    }
  });
}

Deno.test("smart-sync leaves the tree alone and exits 5 when nothing can be reached", async () => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  for (const fault of [FAULTS["status 500"]!, FAULTS["a reset in mid-body"]!]) {
    machine.server.faults.set([{ match: {}, fault }]);
    const { stderr } = await machine.expect(5);
    match(stderr, /\[smart-sync ERROR\] owner\/awkward cannot be downloaded/);
    match(stderr, /next: nothing was changed; check the connection/);
    await machine.expectCommit(first);
    equal(machine.stateCommit, first);
  }
  const nowhere = "http://127.0.0.1:2";
  const env = { GITHUB_API_URL: nowhere, GITHUB_RAW_URL: nowhere, GITHUB_SERVER_URL: nowhere };
  await machine.expect(5, [], { env });
  await machine.expectCommit(first);
});

Deno.test("smart-sync leaves the tree alone when files are damaged everywhere", async () => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  machine.server.faults.set([
    ...NO_GIT,
    { match: { role: "raw" }, fault: { kind: "content", body: "something else" } },
    { match: { path: "/git/blobs/" }, fault: { kind: "content", body: "something else" } },
  ]);
  const { stderr } = await machine.expect(5);
  match(stderr, /arrives with another content|more than \d+ bytes arrive/);
  await machine.expectCommit(first);
  // Of the right size, too.
  machine.server.faults.set([
    ...NO_GIT,
    { match: { role: "raw" }, fault: { kind: "corrupt", at: 0 } },
    { match: { path: "/git/blobs/" }, fault: { kind: "corrupt", at: 0 } },
  ]);
  match((await machine.expect(5)).stderr, /arrives with another content/);
  await machine.expectCommit(first);
});

Deno.test("smart-sync says until when a used-up rate limit lasts", async () => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  machine.server.faults.set([
    ...NO_GIT,
    { match: { role: "api" }, fault: { kind: "rate-limit", resetIn: 1800 } },
  ]);
  const { stderr } = await machine.expect(5);
  match(stderr, /GitHub's rate limit is used up until \d\d:\d\d UTC/);
  match(stderr, /GITHUB_TOKEN/);
  await machine.expectCommit(first);
  // Git's protocol costs none of the limit.
  machine.server.faults.set([
    { match: { role: "api" }, fault: { kind: "rate-limit", resetIn: 1800 } },
  ]);
  await machine.expect(0);
});

Deno.test("smart-sync takes one commit when the branch moves between two requests", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second, branch } = machine.repository;
  const move: Fault = { kind: "move-ref", ref: "refs/heads/main", to: branch, when: "after" };
  for (const [where, rules] of [["git", []], ["api", NO_GIT]] as const) {
    machine.server.faults.clear();
    await machine.expect(0, ["--ref", first]);
    await machine.server.repository("owner/awkward").updateRef("refs/heads/main", second);
    machine.server.faults.set([
      ...rules,
      { match: { role: where, nth: 1 }, fault: move },
    ]);
    await machine.expect(0);
    // The answer is on its way while the branch moves, so that either commit may be in it.
    const commit = machine.stateCommit;
    ok(commit === second || commit === branch);
    await machine.expectCommit(commit);
  }
});

Deno.test("smart-sync walks the folders when the list of paths is cut off", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  machine.server.faults.set([
    ...NO_GIT,
    { match: { path: "recursive=1", times: 1 }, fault: { kind: "tree-truncated", keep: 3 } },
  ]);
  await machine.expect(0);
  await machine.expectCommit(second);
});

Deno.test("smart-sync refuses hostile paths by name and writes nothing", async () => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  const sha = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
  for (
    const path of [
      "../outside",
      "/absolute",
      "a/../../b",
      ".git/config",
      "a/.GIT/x",
      "a//b",
      "x\ny",
    ]
  ) {
    machine.server.faults.set([
      ...NO_GIT,
      {
        match: { path: "/git/trees/" },
        fault: {
          kind: "tree-entries",
          entries: [{ path, mode: "100644", type: "blob", sha, size: 0 }],
        },
      },
    ]);
    const { stderr } = await machine.expect(6);
    match(stderr, /hostile path/, path);
    ok(stderr.includes(path.replace("\n", "\\n")), stderr);
    await machine.expectCommit(first);
  }
});

Deno.test("smart-sync never gives the token to a foreign host", async () => {
  await using machine = await SyncedMachine.start({ tokens: ["test-token-1234"] });
  const { first, second } = machine.repository;
  const env = { GITHUB_TOKEN: "test-token-1234" };
  await machine.expect(0, ["--ref", first], { env });
  // The API knows tokens, the page's link to an archive does not; where that leads, none is sent.
  equal(machine.server.requests.some(({ role }) => role === "web"), false);
  for (const { role, headers } of machine.server.requests) {
    equal(headers.authorization !== undefined, role !== "codeload", role);
  }
  for (const role of ["api", "raw", "git"] as const) {
    machine.server.faults.set([
      ...(role === "git" ? [] : NO_GIT),
      { match: { role }, fault: { kind: "redirect" } },
    ]);
    await machine.sync([], { env });
    const tree = machine.stateCommit === second ? second : first;
    await machine.expectCommit(tree);
    machine.server.faults.clear();
    await machine.expect(0, ["--ref", first], { env });
  }
  ok(machine.server.foreignRequests.length > 0);
  ok(machine.server.foreignRequests.every(({ headers }) => headers.authorization === undefined));
  const log = await Deno.readTextFile(`${machine.root}/var/log/hypervisor/smart-sync.log`);
  ok(!log.includes("test-token"));
});

Deno.test("smart-sync goes on without a token that GitHub does not accept", async () => {
  await using machine = await SyncedMachine.start({ tokens: ["another-token"] });
  const env = { GITHUB_TOKEN: "expired-token" };
  const { stderr } = await machine.expect(0, [], { env });
  equal(stderr.match(/does not accept the token of GITHUB_TOKEN/g)?.length, 1);
  ok(!stderr.includes("expired-token"));
});
