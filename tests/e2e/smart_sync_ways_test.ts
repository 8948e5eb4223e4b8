/** Refs of every kind, every transport, and the ways people reach GitHub, through the executable. */
import { equal, match, ok } from "node:assert/strict";
import { runTool } from "../support/executable.ts";
import { git } from "../support/repositories.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";
import { makeFifo } from "../support/scratch_files.ts";

const NO_ARCHIVE = {
  match: { role: "web", path: "/archive/" },
  fault: { kind: "status", status: 404 },
} as const;
const NO_GIT = { match: { role: "git" }, fault: { kind: "status", status: 404 } } as const;

Deno.test("smart-sync takes branches, tags and commits by any of their names", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second, branch } = machine.repository;
  const tagObject = await git(machine.repository.directory, ["rev-parse", "refs/tags/v1"]);
  const refs: readonly (readonly [string, string])[] = [
    ["feature/with/slashes", branch],
    ["light", first],
    ["main", second],
    ["v1", first],
    ["refs/heads/main", second],
    ["tags/v1", first],
    [second.slice(0, 9), second],
    [tagObject, first],
    [second, second],
    ["HEAD", second],
  ];
  for (const api of [false, true]) {
    machine.server.faults.set(api ? [NO_GIT] : []);
    for (const [ref, commit] of refs) {
      if (api && (ref === tagObject || ref.startsWith("refs/"))) continue;
      await machine.expect(0, ["--ref", ref]);
      equal(machine.stateCommit, commit, ref);
    }
    await machine.expectCommit(second);
    for (const ref of ["mian", "0123456789abcdef0123456789abcdef01234567", "1234567"]) {
      const { stderr } = await machine.expect(4, ["--ref", ref]);
      if (ref === "mian" && !api) match(stderr, /did you mean --ref main\?/);
      await machine.expectCommit(second);
    }
  }
  machine.server.faults.clear();
  const { stderr } = await machine.expect(4, ["--repo", "owner/nothing"]);
  match(stderr, /owner\/nothing has no "main", or there is no such repository for you/);
});

Deno.test("smart-sync brings every kind of file by every transport", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;
  const sync = async (ref: string, ...args: string[]) =>
    await machine.summary(["--ref", ref, ...args]);
  const fresh = async () => {
    await Deno.remove(machine.tree, { recursive: true });
    await Deno.remove(`${machine.root}/var/lib/hyper-nixos`, { recursive: true });
  };

  // Two files are not in the archive as they are in the commit.
  equal((await sync(first)).transport, "archive, then git files");
  await machine.expectCommit(first);
  equal((await sync(second)).transport, "git deltas");
  await machine.expectCommit(second);
  // Here both are at hand, with the hash that they should have.
  equal((await sync(first, "--force-full")).transport, "archive");
  await machine.expectCommit(first);
  machine.server.faults.set([NO_ARCHIVE]);
  equal((await sync(second, "--force-full")).transport, "git pack");
  await machine.expectCommit(second);
  await fresh();
  equal((await sync(first)).transport, "git pack");
  await machine.expectCommit(first);
  machine.server.faults.clear();

  // A tree of unknown origin: paths first, then what differs.
  await Deno.remove(`${machine.root}/var/lib/hyper-nixos`, { recursive: true });
  const unknown = await sync(second);
  equal(unknown.transport, "git trees, then git files");
  ok(unknown.counts.added + unknown.counts.updated < 15);
  equal(unknown.deleted.length, 0);

  machine.server.faults.set([NO_GIT]);
  await fresh();
  match((await sync(first)).transport, /^api, then (raw files|archive)$/);
  await machine.expectCommit(first);
  match((await sync(second)).transport, /^api, then raw files$/);
  await machine.expectCommit(second);
  equal((await sync(second)).requests, 0);
  match((await sync(first, "--skip-validation")).transport, /^api/);
  await machine.expectCommit(first);
});

Deno.test("smart-sync takes old repositories' modes from the API where they prove the tree, and says where not", async () => {
  await using machine = await SyncedMachine.start();
  const { first, directory } = machine.repository;
  const { commit, oldModesCommit } = await import("../support/repositories.ts");
  const changes = Array.from({ length: 40 }, (_, i) => ({ path: `many/${i}`, content: `${i}\n` }));
  const many = await commit(directory, { ref: "refs/heads/many", from: first, changes });
  const all = await oldModesCommit(directory, many, () => true);
  const half = await oldModesCommit(directory, many, (path) => /[02468]$/.test(path));
  machine.server.faults.set([NO_GIT]);
  match((await machine.summary(["--ref", all])).transport, /^api/);
  await machine.expectCommit(all);
  const refused = await machine.expect(5, ["--ref", half]);
  match(refused.stderr, /GitHub's API does not list commit [0-9a-f]{40} as it is/);
  match(refused.stderr, /old repositories \(100664\).*git's protocol is needed/);
  await machine.expectCommit(all);
  machine.server.faults.set([]);
  await machine.expect(0, ["--ref", half]);
  await machine.expectCommit(half);
});

Deno.test("smart-sync goes on from a commit whose folders another program wrote, with zeros before their modes", async () => {
  await using machine = await SyncedMachine.start();
  const { first, directory } = machine.repository;
  const { commit, oldModesCommit } = await import("../support/repositories.ts");
  // So many that the next folder comes as what differs from this one.
  const changes = Array.from({ length: 60 }, (_, i) => [
    { path: `many-${i}/file`, content: `${i}\n` },
    { path: `same/below-${i}/file`, content: `${i}\n` },
  ]).flat();
  const many = await commit(directory, { ref: "refs/heads/many", from: first, changes });
  const padded = await oldModesCommit(directory, many, () => false, true);
  const change = [{ path: "many-7/file", content: "changed\n" }];
  const later = await commit(directory, { ref: "refs/heads/x", from: many, changes: change });
  const next = await oldModesCommit(directory, later, () => false, true);
  for (const way of [[], [NO_GIT]]) {
    machine.server.faults.set([]);
    await machine.expect(0, ["--ref", padded]);
    await machine.expectCommit(padded);
    machine.server.faults.set(way);
    await machine.expect(0, ["--ref", next]);
    await machine.expectCommit(next);
  }
});

Deno.test("smart-sync takes the archive when that is cheaper, and what it lacks elsewhere", async () => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  // Every raw file costs a long round trip.
  machine.server.faults.set([
    NO_GIT,
    { match: { role: "raw" }, fault: { kind: "slow", delay: 20 } },
    { match: { role: "api" }, fault: { kind: "slow", delay: 20 } },
  ]);
  const changes = Array.from({ length: 400 }, (_, i) => ({ path: `many/${i}`, content: `${i}\n` }));
  const { commit } = await import("../support/repositories.ts");
  const many = await commit(machine.repository.directory, {
    ref: "refs/heads/many",
    from: first,
    changes,
  });
  const summary = await machine.summary(["--ref", "many"]);
  equal(summary.transport, "api, then archive");
  await machine.expectCommit(many);
  // export-ignore and export-subst: these came one by one.
  const raw = machine.server.requests.filter(({ role }) => role === "raw");
  equal(
    raw.map(({ path }) => path.split("/").slice(4).join("/")).sort().join(),
    "private/notes.txt,version.txt",
  );
});

Deno.test("smart-sync deletes nothing that it did not put there, but what its state names", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  // As after an installer that knows the commit: a state, but no index of its paths.
  await Deno.remove(`${machine.root}/var/lib/hyper-nixos/sync/index`);
  const summary = await machine.summary();
  equal(summary.previousCommit, first);
  equal(summary.edited.join(), "");
  await machine.expectCommit(second);
  // The same when everything is downloaded.
  await machine.expect(0, ["--ref", first]);
  await Deno.remove(`${machine.root}/var/lib/hyper-nixos/sync/index`);
  const full = await machine.summary(["--force-full"]);
  equal(full.edited.join(), "");
  ok(full.deleted.length > 0);
  await machine.expectCommit(second);
});

Deno.test("smart-sync speaks TLS and HTTP/2, with the certificate file people name", async () => {
  await using machine = await SyncedMachine.start({ tls: true });
  const { first, second } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  const nix = { SSL_CERT_FILE: undefined, NIX_SSL_CERT_FILE: machine.server.caFile };
  await machine.expect(0, [], { env: nix });
  await machine.expectCommit(second);
  machine.server.faults.set([NO_GIT]);
  machine.server.requests.length = 0;
  await machine.expect(0, ["--ref", first]);
  await machine.expectCommit(first);
  const connections = new Set(
    machine.server.requests.filter(({ role }) => role === "raw").map(({ connection }) =>
      connection
    ),
  );
  equal(connections.size, 1);
  const { stderr } = await machine.expect(5, ["--ref", "main"], {
    env: { SSL_CERT_FILE: undefined },
  });
  match(stderr, /certificate|UnknownIssuer/i);
});

Deno.test("smart-sync goes through the proxy that is set, but not for NO_PROXY", async () => {
  await using machine = await SyncedMachine.start();
  const seen: string[] = [];
  await using proxy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      seen.push(request.url);
      return new Response("refused by the proxy", { status: 403 });
    },
  );
  const address = `http://127.0.0.1:${proxy.addr.port}`;
  await machine.expect(0, [], { env: { HTTP_PROXY: address, NO_PROXY: "127.0.0.1" } });
  equal(seen.length, 0);
  const elsewhere = { GITHUB_SERVER_URL: "http://github.test", GITHUB_API_URL: "http://api.test" };
  await machine.sync(["--ref", "v1"], {
    env: { HTTP_PROXY: address, http_proxy: address, ...elsewhere },
  });
  ok(seen.length > 0);
});

Deno.test("smart-sync reads the token file of its user, also behind a link, and nothing else", async () => {
  await using machine = await SyncedMachine.start({ tokens: ["token-in-a-file"] });
  const home = `${machine.directory}/home`;
  await Deno.mkdir(`${home}/.config/github`, { recursive: true });
  const file = `${home}/.config/github/token`;
  const authorized = async () => {
    machine.server.requests.length = 0;
    const { stderr } = await machine.expect(0, ["--check-only"], { env: { HOME: home } });
    return {
      stderr,
      sent: machine.server.requests.every(({ headers }) => "authorization" in headers),
    };
  };
  await Deno.writeTextFile(file, "token-in-a-file\n");
  equal((await authorized()).sent, true);
  await Deno.rename(file, `${home}/secret`);
  await Deno.symlink(`${home}/secret`, file);
  equal((await authorized()).sent, true);
  await Deno.chmod(home, 0o777);
  const open = await authorized();
  equal(open.sent, false);
  match(
    open.stderr,
    /token is not used: it is not root's alone: .*home can be written by everyone/,
  );
  await Deno.chmod(home, 0o755);
  await Deno.remove(file);
  await Deno.writeTextFile(file, "two words\n");
  equal((await authorized()).sent, false);
  await Deno.remove(file);
  makeFifo(file);
  equal((await authorized()).sent, false);
});

Deno.test("smart-sync --help needs nothing and names options, defaults and exit codes", async () => {
  const { code, stdout } = await runTool("smart-sync", ["--help"]);
  equal(code, 0);
  // What the environment does, such as GITHUB_TOKEN, is in the manual that it names.
  for (const word of ["--ref", "main", "--skip-validation", "5 network", "man smart-sync"]) {
    ok(stdout.includes(word), word);
  }
});
