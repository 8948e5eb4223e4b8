import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { type AwkwardRepository, awkwardRepository, longestName } from "./awkward_repository.ts";
import { gitEnvironment } from "./github/git_environment.ts";
import { GithubServer, type GithubServerOptions } from "./github/server.ts";
import { commit, git, hostileCommit, initRepository } from "./repositories.ts";

type Options = Partial<GithubServerOptions>;

/** A server over the awkward repository as `o/n`, an empty one as `o/empty`, a private `o/secret`. */
async function withServer(
  work: (server: GithubServer, repository: AwkwardRepository) => Promise<void>,
  options: Options = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const repository = await awkwardRepository(`${folder}/n`);
    await initRepository(`${folder}/empty`);
    const { directory } = repository;
    await using server = await GithubServer.start({
      tokens: ["good"],
      ...options,
      repositories: [
        { owner: "o", name: "n", directory },
        { owner: "o", name: "empty", directory: `${folder}/empty` },
        { owner: "o", name: "secret", directory, private: true },
      ],
    });
    await work(server, repository);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function getJson(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  return { response, body: await response.json() };
}

/** The status of a request whose body does not matter. */
async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  return response.status;
}

Deno.test("GithubServer resolves every kind of ref", () =>
  withServer(async ({ together }, { first, second, branch }) => {
    const url = `${together.api}/repos/o/n`;
    const accept = { accept: "application/vnd.github.sha" };
    const names = [
      ["main", second],
      ["heads/main", second],
      ["refs/heads/main", second],
      ["feature/with/slashes", branch],
      ["feature%2Fwith%2Fslashes", branch],
      ["v1", first],
      ["light", first],
      [first, first],
      [first.slice(0, 7), first],
    ];
    for (const [name, expected] of names) {
      const response = await fetch(`${url}/commits/${name}`, { headers: accept });
      assert.equal(await response.text(), expected, name);
    }
    assert.equal(await statusOf(`${url}/commits/no-such`), 422);
    assert.equal(await statusOf(`${url}/commits/${"0".repeat(40)}`), 422);
    const { body } = await getJson(`${url}/commits/main`);
    assert.equal(body.sha, second);
    assert.equal(body.parents[0].sha, first);
    const tree = await getJson(`${url}/git/commits/${second}`);
    assert.equal(tree.body.tree.sha, body.commit.tree.sha);
    const tag = await getJson(`${url}/git/ref/tags/v1`);
    assert.equal(tag.body.object.type, "tag");
    const target = await getJson(`${url}/git/tags/${tag.body.object.sha}`);
    assert.equal(target.body.object.sha, first);
    const matching = await getJson(`${url}/git/matching-refs/heads/feat`);
    assert.deepEqual(matching.body.map((found: { ref: string }) => found.ref), [
      "refs/heads/feature/with/slashes",
    ]);
  }));

Deno.test("GithubServer lists trees as git does", () =>
  withServer(async ({ together }, { directory, first }) => {
    const { body } = await getJson(`${together.api}/repos/o/n/git/trees/${first}?recursive=1`);
    assert.equal(body.truncated, false);
    const listed = body.tree.map((
      entry: { mode: string; type: string; sha: string; path: string },
    ) => `${entry.mode} ${entry.type} ${entry.sha}\t${entry.path}`);
    const expected = await git(directory, ["ls-tree", "-r", "-t", "-z", first]);
    assert.deepEqual(listed, expected.split("\0").filter((line) => line));
    const link = body.tree.find((entry: { path: string }) => entry.path === "links/to-file");
    assert.equal(link.size, "../README.md".length);
    const top = await getJson(`${together.api}/repos/o/n/git/trees/v1`);
    assert.ok(top.body.tree.some((entry: { path: string }) => entry.path === "deep"));
    assert.ok(!top.body.tree.some((entry: { path: string }) => entry.path === "deep/a"));
  }));

Deno.test("GithubServer cuts a recursive tree over the limit, and its parts can be walked", () =>
  withServer(async ({ together }, { first }) => {
    const url = `${together.api}/repos/o/n/git/trees`;
    const cut = await getJson(`${url}/${first}?recursive=1`);
    assert.equal(cut.body.truncated, true);
    assert.equal(cut.body.tree.length, 10);
    const top = await getJson(`${url}/${first}`);
    assert.equal(top.body.truncated, false);
    const links = top.body.tree.find((entry: { path: string }) => entry.path === "links");
    const part = await getJson(`${url}/${links.sha}?recursive=1`);
    assert.deepEqual(part.body.tree.map((entry: { path: string }) => entry.path), [
      "dangling",
      "to-file",
      "to-folder",
    ]);
  }, { treeLimits: { entries: 10, bytes: 7_000_000 } }));

Deno.test("GithubServer serves raw files by any ref and any name", () =>
  withServer(async ({ together, apart }, { first }) => {
    const files = [
      [`${first}/README.md`, "# Awkward\n"],
      ["feature/with/slashes/README.md", "# On a branch\n"],
      ["refs/heads/feature/with/slashes/README.md", "# On a branch\n"],
      [
        `${first}/${encodeURIComponent("unicode")}/${encodeURIComponent("ünïcödé 日本語 🦕.txt")}`,
        "unicode\n",
      ],
      [`${first}/specials/${encodeURIComponent("#hash?query&amp;%25+plus.txt")}`, "specials\n"],
      [`${first}/quotes/${encodeURIComponent(`"double" 'single' \\back\\slash.txt`)}`, "quotes\n"],
      [`${first}/long/${longestName}`, "long\n"],
      [`${first}/links/to-file`, "../README.md"],
      [`${first}/empty`, ""],
    ];
    for (const [path, content] of files) {
      const response = await fetch(`${together.raw}/o/n/${path}`);
      assert.equal(await response.text(), content, path);
    }
    assert.equal(await statusOf(`${apart.raw}/o/n/${first}/README.md`), 200);
    for (const path of ["links", "no-such", "vendor", "../n/README.md", "%zz", "a%00b"]) {
      assert.equal(await statusOf(`${together.raw}/o/n/${first}/${path}`), 404, path);
    }
  }));

Deno.test("GithubServer leads archive links to another host, which honours export attributes", () =>
  withServer(async ({ together, apart }, { first, second }) => {
    for (const origins of [together, apart]) {
      const response = await fetch(`${origins.server}/o/n/archive/${first}.tar.gz`);
      assert.ok(response.redirected);
      assert.ok(response.url.startsWith(origins.codeload));
      const entries = await unpackTar(gunzipSync(await response.bytes()));
      const names = entries.map(({ header }) => header.name);
      assert.ok(names.includes(`n-${first}/README.md`));
      assert.ok(!names.some((name) => name.includes("private/notes")));
      const version = entries.find(({ header }) => header.name.endsWith("/version.txt"));
      assert.equal(new TextDecoder().decode(version?.data), `${first}\n`);
    }
    const legacy = await fetch(`${apart.api}/repos/o/n/tarball/main`);
    const entries = await unpackTar(gunzipSync(await legacy.bytes()));
    assert.ok(entries.some(({ header }) => header.name === `o-n-${second.slice(0, 7)}/README.md`));
  }));

Deno.test("GithubServer speaks git: clone, fetch of a commit by SHA, protocol version 2", () =>
  withServer(async ({ requests, together }, { first, second }) => {
    const work = await Deno.makeTempDir();
    const run = async (...args: string[]) => {
      const { success, stdout, stderr } = await new Deno.Command("git", {
        args: ["-c", "protocol.version=2", ...args],
        cwd: work,
        env: gitEnvironment,
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout).trim();
    };
    try {
      const url = `${together.server}/o/n`;
      assert.match(await run("ls-remote", url, "refs/heads/main"), new RegExp(`^${second}\t`));
      await run("clone", "--quiet", "--depth", "1", `${url}.git`, "clone");
      assert.equal(await run("-C", "clone", "rev-parse", "HEAD"), second);
      await run("-C", "clone", "fetch", "--quiet", "--depth", "1", url, first);
      assert.equal(await run("-C", "clone", "rev-parse", "FETCH_HEAD"), first);
      assert.ok(
        requests.every(({ role, headers }) =>
          role === "git" && headers["git-protocol"] === "version=2"
        ),
      );
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  }));

Deno.test("GithubServer answers 304 by entity tags that differ by token, and counts them", () =>
  withServer(async ({ together, rate }, { second }) => {
    const url = `${together.api}/repos/o/n/commits/main`;
    const token = { authorization: "Bearer good" };
    const [plain, known] = [await fetch(url), await fetch(url, { headers: token })];
    await Promise.all([plain.body?.cancel(), known.body?.cancel()]);
    const [plainTag, knownTag] = [plain.headers.get("etag")!, known.headers.get("etag")!];
    assert.match(plainTag, /^W\/"/);
    assert.notEqual(plainTag, knownTag);
    assert.equal(plain.headers.get("x-ratelimit-remaining"), "59");
    assert.equal(known.headers.get("x-ratelimit-remaining"), "4999");
    assert.equal(await statusOf(url, { "if-none-match": plainTag }), 304);
    assert.equal(rate.remaining("anonymous"), 58);
    assert.equal(await statusOf(url, { ...token, "if-none-match": knownTag }), 304);
    assert.equal(rate.remaining("token"), 4999);
    assert.equal(await statusOf(url, { ...token, "if-none-match": plainTag }), 200);
    const sha = { accept: "application/vnd.github.sha", "if-none-match": `"${second}"` };
    assert.equal(await statusOf(url, sha), 304);
  }));

Deno.test("GithubServer refuses with 403 when the hourly limit is used up", () =>
  withServer(async ({ together, rate }) => {
    rate.set("anonymous", 1, 1800);
    const url = `${together.api}/repos/o/n`;
    assert.equal(await statusOf(url), 200);
    const { response, body } = await getJson(url);
    assert.equal(response.status, 403);
    assert.match(body.message, /^API rate limit exceeded/);
    assert.equal(response.headers.get("x-ratelimit-remaining"), "0");
    const reset = Number(response.headers.get("x-ratelimit-reset"));
    assert.ok(reset > Date.now() / 1000 + 1700 && reset < Date.now() / 1000 + 1900);
    assert.equal(await statusOf(url, { authorization: "token good" }), 200);
    assert.equal(await statusOf(`${together.raw}/o/n/main/README.md`), 200);
  }));

Deno.test("GithubServer answers 401, 404 and 409 where GitHub does", () =>
  withServer(async ({ together }) => {
    const url = `${together.api}/repos/o`;
    assert.equal(await statusOf(`${url}/n`, { authorization: "Bearer bad" }), 401);
    assert.equal(await statusOf(`${url}/unknown`), 404);
    assert.equal(await statusOf(`${url}/n/git/trees/unknown`), 404);
    assert.equal(await statusOf(`${url}/n/git/ref/heads/unknown`), 404);
    assert.equal(await statusOf(`${url}/empty/commits/main`), 409);
    assert.equal(await statusOf(`${url}/empty/git/trees/main?recursive=1`), 409);
    assert.equal(await statusOf(`${url}/secret`), 404);
    assert.equal(await statusOf(`${url}/secret`, { authorization: "Bearer good" }), 200);
  }));

Deno.test("GithubServer compresses JSON and text when the client accepts it", () =>
  withServer(async ({ together, requests }, { first }) => {
    const url = `${together.api}/repos/o/n/git/trees/${first}?recursive=1`;
    const body = await (await fetch(url)).text();
    assert.ok(requests[0]!.bytes < body.length / 2);
    assert.equal(
      await (await fetch(url, { headers: { "accept-encoding": "identity" } })).text(),
      body,
    );
    assert.equal(requests[1]!.bytes, new TextEncoder().encode(body).length);
  }));

Deno.test("GithubServer speaks HTTP/2 over TLS with its own authority", () =>
  withServer(async ({ together, caFile, requests }, { first }) => {
    using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(caFile!)] });
    const files = Array.from(
      { length: 20 },
      () =>
        fetch(`${together.raw}/o/n/${first}/README.md`, { client }).then((answer) => answer.text()),
    );
    assert.deepEqual(new Set(await Promise.all(files)), new Set(["# Awkward\n"]));
    const { stdout } = await new Deno.Command("curl", {
      args: [
        "-s",
        "--cacert",
        caFile!,
        "-o",
        "/dev/null",
        "-w",
        "%{http_version}",
        together.server,
      ],
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "2");
    assert.ok(new Set(requests.map(({ connection }) => connection)).size < 10);
  }, { tls: true }));

Deno.test("GithubServer logs the connection and headers of every request", () =>
  withServer(async ({ apart, requests }, { first }) => {
    for (let round = 0; round < 3; round++) {
      await (await fetch(`${apart.raw}/o/n/${first}/README.md?round=${round}`, {
        headers: { "x-test": "yes" },
      })).text();
    }
    assert.equal(requests.length, 3);
    assert.equal(requests[2]!.path, `/o/n/${first}/README.md?round=2`);
    assert.equal(requests[2]!.headers["x-test"], "yes");
    assert.equal(requests[2]!.status, 200);
    assert.equal(new Set(requests.map(({ connection }) => connection)).size, 1);
  }));

Deno.test("hostileCommit() writes names that git refuses, and the server serves them", () =>
  withServer(async ({ together }, { directory, second }) => {
    for (const name of ["..", ".git", "a/b", "new\nline"]) {
      const sha = await hostileCommit(directory, second, name);
      const { body } = await getJson(`${together.api}/repos/o/n/git/trees/${sha}`);
      assert.ok(body.tree.some((entry: { path: string }) => entry.path === name), name);
    }
  }));

Deno.test("commit() gives the same SHA for the same changes", () =>
  withServer(async (_server, { first }) => {
    const folder = await Deno.makeTempDir();
    try {
      const again = await awkwardRepository(`${folder}/again`);
      assert.equal(again.first, first);
      const changes = [{ path: "x", content: "1" }];
      const other = await commit(again.directory, { from: first, ref: "refs/heads/x", changes });
      assert.notEqual(other, first);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }));
