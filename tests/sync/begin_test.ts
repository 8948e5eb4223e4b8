import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { places } from "../../lib/machine/places.ts";
import type { ToolError } from "../../lib/machine/tool_error.ts";
import { beginSync, DEFAULT_REPOSITORY } from "../../lib/sync/begin.ts";
import { testContext } from "../support/context.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";

/** Nobody answers there: what is begun is only looked at. */
const NOWHERE = {
  GITHUB_API_URL: "http://127.0.0.1:2",
  GITHUB_RAW_URL: "http://127.0.0.1:2",
  GITHUB_SERVER_URL: "http://127.0.0.1:2",
  HYPERVISOR_REPO: "",
  GITHUB_TOKEN: "",
};
const STATE = places.syncState.slice(1);
const state = (repository: unknown, commit: unknown = "c".repeat(40)) =>
  JSON.stringify({ version: 1, repository, commit, ref: "main", time: "2026-01-01T00:00:00Z" });

async function begin(
  files: Readonly<Record<string, ScratchEntry>>,
  options: Parameters<typeof beginSync>[1] = {},
  env: Readonly<Record<string, string>> = {},
): Promise<{ repository: string; ref: string; asksForAll: boolean }> {
  let begun: Awaited<ReturnType<typeof begin>> | undefined;
  await withScratch({ "etc/x": "", ...files }, async (root) => {
    const ctx = testContext({ root, env: { ...NOWHERE, ...env } });
    using sync = await beginSync(ctx, options);
    begun = {
      repository: sync.remote.repository,
      ref: sync.ref,
      asksForAll: sync.archive !== undefined,
    };
  });
  return begun!;
}

Deno.test("beginSync() takes the repository that is named, else the variable's, else the tree's, else ours", async () => {
  const of = async (...args: Parameters<typeof begin>) => (await begin(...args)).repository;
  equal(await of({}), DEFAULT_REPOSITORY);
  equal(await of({ [STATE]: state("a/b") }), "a/b");
  equal(await of({}, {}, { HYPERVISOR_REPO: "x/y" }), "x/y");
  equal(await of({}, { repo: "https://github.com/p/q.git" }, { HYPERVISOR_REPO: "x/y" }), "p/q");
  equal(await of({ [STATE]: state("a/b") }, { repo: "p/q" }), "p/q");
  // GitHub's names do not know case.
  equal(await of({ [STATE]: state("A/B") }, {}, { HYPERVISOR_REPO: "a/b" }), "a/b");
});

Deno.test("beginSync() changes over to no other repository because of a variable", async () => {
  await rejects(
    begin({ [STATE]: state("a/b") }, {}, { HYPERVISOR_REPO: "x/y" }),
    (error: ToolError) => {
      match(error.message, /^HYPERVISOR_REPO is x\/y, but the tree came from a\/b$/);
      match(error.hint!, /--repo x\/y$/);
      return error.code === 6;
    },
  );
});

Deno.test("beginSync() makes nothing of a state that is none: that is judged later", async () => {
  for (
    const text of [
      ...["", "null", "[]", "7", '"text"', "{ cut", "{}", "\u0000", state("a/b", "main")],
      ...[state(7), state(null), state("a/b", null), state("a/b", "C".repeat(40))],
    ]
  ) {
    deepEqual(await begin({ [STATE]: text }), {
      repository: DEFAULT_REPOSITORY,
      ref: "main",
      asksForAll: true,
    }, text);
  }
});

Deno.test("beginSync() asks for everything only where all of it will be wanted, and written", async () => {
  const all = async (...args: Parameters<typeof begin>) => (await begin(...args)).asksForAll;
  const tree = places.source.slice(1);
  equal(await all({}), true);
  equal(await all({ [`${tree}/`]: "" }), true);
  equal(await all({ [`${tree}/mine`]: "" }), false);
  equal(await all({ [STATE]: state("a/b") }), false);
  equal(await all({}, { dryRun: true }), false);
  equal(await all({}, { checkOnly: true }), false);
});

Deno.test("beginSync() refuses what is no repository, ref or server, before anybody is asked", async () => {
  const refused = (...args: Parameters<typeof begin>) =>
    rejects(begin(...args), (error: ToolError) => error.code === 4);
  for (const repo of ["", "a", "a/b/c", "../..", "a/b c", "git@github.com:a/b"]) {
    await refused({}, { repo });
  }
  for (const ref of ["", "a b", "-x", "a..b", "x.lock", "a\u001b[m"]) await refused({}, { ref });
  await refused({}, {}, { GITHUB_SERVER_URL: "ssh://git@example.org" });
  await refused({}, {}, { HYPERVISOR_REPO: "not one" });
  await refused({ [STATE]: state("a/../b") });
});
