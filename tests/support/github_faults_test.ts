import assert from "node:assert/strict";
import { join } from "node:path";
import { type AwkwardRepository, awkwardRepository } from "./awkward_repository.ts";
import type { ServerAddresses } from "./github/serve.ts";
import { GithubServer } from "./github/server.ts";

/** 100 KB that do not compress, so that offsets mean the same everywhere. */
const BIG = crypto.getRandomValues(new Uint8Array(50_000)).toHex();

async function withServer(
  work: (server: GithubServer, repository: AwkwardRepository) => Promise<void>,
  tls = false,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const repository = await awkwardRepository(join(folder, "n"));
    await using server = await GithubServer.start({
      repositories: [{ owner: "o", name: "n", directory: repository.directory }],
      tokens: ["good"],
      tls,
    });
    await work(server, repository);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What arrives of a body before it ends or breaks. */
async function received(
  response: Promise<Response>,
): Promise<{ bytes: number; broken: boolean }> {
  let bytes = 0;
  try {
    for await (const chunk of (await response).body!) bytes += chunk.length;
    return { bytes, broken: false };
  } catch (error) {
    assert.ok(error instanceof Error);
    return { bytes, broken: true };
  }
}

Deno.test("faults replace the answer: status, limits, redirects, other content", () =>
  withServer(async ({ faults, together, foreign }) => {
    const url = `${together.raw}/o/n/main/README.md`;
    faults.set([
      { match: { nth: 1 }, fault: { kind: "status", status: 502, body: "bad gateway" } },
      { match: { nth: 2 }, fault: { kind: "rate-limit", resetIn: 30 } },
      { match: { nth: 3 }, fault: { kind: "secondary-limit", status: 429, retryAfter: 2 } },
      { match: { nth: 4 }, fault: { kind: "content", body: '{"tree": [' } },
    ]);
    const [bad, limited, secondary, content, genuine] = [
      await fetch(url),
      await fetch(url),
      await fetch(url),
      await fetch(url),
      await fetch(url),
    ];
    assert.equal(bad.status, 502);
    assert.equal(await bad.text(), "bad gateway");
    assert.equal(limited.status, 403);
    assert.equal(limited.headers.get("x-ratelimit-remaining"), "0");
    assert.ok(Number(limited.headers.get("x-ratelimit-reset")) > Date.now() / 1000);
    await limited.body?.cancel();
    assert.equal(secondary.status, 429);
    assert.equal(secondary.headers.get("retry-after"), "2");
    await secondary.body?.cancel();
    assert.equal(await content.text(), '{"tree": [');
    assert.equal(await genuine.text(), "# Awkward, second\n");
    faults.set([{ match: { role: "raw" }, fault: { kind: "redirect" } }]);
    const moved = await fetch(url, { redirect: "manual" });
    await moved.body?.cancel();
    assert.equal(moved.headers.get("location"), `${foreign}/raw/o/n/main/README.md`);
  }));

Deno.test("a redirect to the foreign host is logged there, with what it was told", () =>
  withServer(async (server) => {
    server.faults.add({ path: "README", times: 1 }, { kind: "redirect" });
    const url = `${server.apart.raw}/o/n/main/README.md`;
    const careless = await fetch(url, { redirect: "manual" });
    await careless.body?.cancel();
    const location = careless.headers.get("location")!;
    const followed = await fetch(location, { headers: { authorization: "Bearer good" } });
    assert.equal(await followed.text(), "# Awkward, second\n");
    assert.equal(server.foreignRequests.length, 1);
    assert.equal(server.foreignRequests[0]!.headers.authorization, "Bearer good");
  }));

for (const tls of [false, true]) {
  const version = tls ? "HTTP/2" : "HTTP/1.1";
  Deno.test(`faults break a body in the middle over ${version}`, () =>
    withServer(async (server) => {
      using client = Deno.createHttpClient(
        tls ? { caCerts: [await Deno.readTextFile(server.caFile!)] } : {},
      );
      const url = `${server.together.raw}/o/n/main/README.md`;
      const content = { kind: "content", body: BIG } as const;
      const get = async () =>
        await received(fetch(url, { client, headers: { "accept-encoding": "identity" } }));
      server.faults.set([{ match: {}, fault: content }]);
      assert.deepEqual(await get(), { bytes: BIG.length, broken: false });
      const reset = { kind: "reset", after: 40_000 } as const;
      server.faults.set([{ match: {}, fault: content }, { match: {}, fault: reset }]);
      const broken = await get();
      assert.ok(broken.broken && broken.bytes <= 40_000);
      for (const length of ["full", "short"] as const) {
        const cut = { kind: "truncate", after: 40_000, length } as const;
        server.faults.set([{ match: {}, fault: content }, { match: {}, fault: cut }]);
        const { broken } = await get();
        assert.equal(broken, length === "full");
      }
      const stall = { kind: "stall", after: 40_000 } as const;
      server.faults.set([{ match: {}, fault: content }, { match: {}, fault: stall }]);
      const response = await fetch(url, { client, headers: { "accept-encoding": "identity" } });
      const reader = response.body!.getReader();
      let bytes = 0;
      while (bytes < 40_000) bytes += (await reader.read()).value!.length;
      assert.equal(bytes, 40_000);
      assert.equal(server.requests.at(-1)!.duration, undefined);
      await reader.cancel();
    }, tls));
}

Deno.test("faults corrupt what is sent, before compression", () =>
  withServer(async ({ faults, together }) => {
    const url = `${together.raw}/o/n/main/README.md`;
    faults.set([{ match: {}, fault: { kind: "corrupt", at: 0 } }]);
    const changed = await (await fetch(url)).bytes();
    assert.equal(changed.length, "# Awkward, second\n".length);
    assert.equal(changed[0], "#".charCodeAt(0) ^ 0xff);
    faults.set([{ match: { role: "codeload" }, fault: { kind: "corrupt", at: -20 } }]);
    const archive = await (await fetch(`${together.server}/o/n/archive/main.tar.gz`)).bytes();
    faults.clear();
    const genuine = await (await fetch(`${together.server}/o/n/archive/main.tar.gz`)).bytes();
    assert.equal(archive.length, genuine.length);
    assert.notDeepEqual(archive, genuine);
  }));

Deno.test("faults change tree listings", () =>
  withServer(async ({ faults, together }) => {
    const url = `${together.api}/repos/o/n/git/trees/main?recursive=1`;
    const list = async () => await (await fetch(url)).json();
    const genuine = await list();
    const sha = genuine.tree[0].sha;
    const hostile = ["../up", "/abs", "a/.git/config", "", "a//b", "new\nline", "flake.nix", "nix"]
      .map((path) => ({ path, mode: "100644", type: "blob", sha, size: 1 } as const));
    faults.set([{ match: { path: "trees" }, fault: { kind: "tree-entries", entries: hostile } }]);
    const changed = await list();
    assert.deepEqual(changed.tree.slice(genuine.tree.length), hostile);
    faults.set([{ match: { path: "trees" }, fault: { kind: "tree-truncated", keep: 3 } }]);
    const cut = await list();
    assert.deepEqual([cut.tree.length, cut.truncated], [3, true]);
    faults.set([{ match: { path: "trees" }, fault: { kind: "tree-flood", count: 5000 } }]);
    assert.equal((await list()).tree.length, genuine.tree.length + 5000);
  }));

Deno.test("a branch moves between two requests", () =>
  withServer(async ({ faults, together }, { first, second }) => {
    const url = `${together.api}/repos/o/n/commits/main`;
    const sha = async () =>
      await (await fetch(url, { headers: { accept: "application/vnd.github.sha" } })).text();
    const move = { kind: "move-ref", ref: "refs/heads/main", to: first, when: "after" } as const;
    faults.set([{ match: { path: "commits", nth: 1 }, fault: move }]);
    assert.equal(await sha(), second);
    assert.equal(await sha(), first);
  }));

Deno.test("an endless answer goes on until the server closes", () =>
  withServer(async (server) => {
    const fault = { kind: "endless", after: 5, bytes: 10, every: 1 } as const;
    server.faults.set([{ match: {}, fault }]);
    const answer = await fetch(`${server.together.api}/repos/o/n`);
    assert.equal(answer.headers.has("content-length"), false);
    let length = 0;
    for await (const chunk of answer.body!) {
      length += chunk.length;
      if (length > 50) break;
    }
    assert.ok(length > 50);
  }));

Deno.test("a stalled request ends when the server closes", () =>
  withServer(async (server) => {
    server.faults.set([{ match: {}, fault: { kind: "stall" } }]);
    const pending = fetch(`${server.together.api}/repos/o/n`).then((answer) => answer.text());
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(server.requests[0]!.status, 0);
    await server.close();
    await assert.doesNotReject(pending.catch(() => "refused"));
  }));

Deno.test("serve.ts prints its addresses, takes faults and ends with its input", () =>
  withServer(async (_server, { directory, first }) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", join(import.meta.dirname!, "github", "serve.ts")],
        ...["--repo", `o/n=${directory}`, "--token", "good"],
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const addresses: ServerAddresses = JSON.parse((await reader.read()).value!);
    const rules = [{ match: { role: "raw" }, fault: { kind: "status", status: 500 } }];
    const put = (path: string, body: unknown) =>
      fetch(addresses.control + path, { method: "PUT", body: JSON.stringify(body) });
    assert.equal((await put("/faults", rules)).status, 204);
    const move = { repository: "o/n", ref: "refs/heads/main", to: first };
    assert.equal((await put("/refs", move)).status, 204);
    const raw = await fetch(`${addresses.apart.raw}/o/n/main/README.md`);
    await raw.body?.cancel();
    assert.equal(raw.status, 500);
    const sha = await fetch(`${addresses.apart.api}/repos/o/n/commits/main`, {
      headers: { accept: "application/vnd.github.sha" },
    });
    assert.equal(await sha.text(), first);
    const requests = await (await fetch(`${addresses.control}/requests`)).json();
    assert.deepEqual(requests.map(({ role }: { role: string }) => role), ["raw", "api"]);
    await child.stdin.close();
    await reader.cancel();
    assert.equal((await child.status).code, 0);
  }));
