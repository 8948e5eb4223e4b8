import { deepEqual, equal } from "node:assert/strict";
import { Mode } from "../../lib/git/git_objects.ts";
import { lstatIfExists } from "../../lib/machine/files/files.ts";
import { blobHash } from "../../lib/machine/tree/blob_hash.ts";
import type { BegunSync } from "../../lib/sync/begin.ts";
import { readRecord } from "../../lib/sync/apply/previous.ts";
import { Look } from "../../lib/sync/look.ts";
import { remember } from "../../lib/sync/remember.ts";
import { encodeState, readIndex, readSyncState } from "../../lib/sync/state.ts";
import { LocalTree } from "../../lib/sync/tree/local_tree.ts";
import { manifestFromList } from "../../lib/sync/tree/manifest_trees.ts";
import { planSync } from "../../lib/sync/tree/planner.ts";
import { type TestContext, testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const COMMIT = "a".repeat(40);
const STATE = {
  ...{ version: 1 as const, repository: "Owner/Name", commit: COMMIT, ref: "main" },
  time: "2025-01-01T00:00:00.000Z",
};
const RECORD = { version: 1, to: COMMIT, state: null, added: [], modes: [] };

/** Finds a tree that is right, by what this was asked for, and gives what is known of it afterwards. */
async function rememberOn(
  ctx: TestContext,
  { commit = COMMIT, ref = "main", repository = "owner/name", isNew = false },
): Promise<void> {
  await using look = await Look.at(ctx, {});
  const sha = blobHash(new TextEncoder().encode("f"));
  const target = manifestFromList(commit, [{ path: "f", mode: Mode.File, sha }]);
  const local = new LocalTree(look.tree.path, undefined, 0);
  const plan = planSync(local, target, undefined);
  deepEqual(plan.operations, []);
  const begun = { ref, remote: { repository } } as BegunSync;
  await remember(ctx, look, begun, plan, isNew);
}

async function withTree(
  state: typeof STATE | undefined,
  test: (ctx: TestContext, inodes: () => (number | null | undefined)[]) => Promise<void>,
): Promise<void> {
  await withScratch({ "etc/hypervisor/src/f": "f", "var/lib/x": "" }, async (root) => {
    for (const path of ["", "/etc", "/var", "/var/lib", "/etc/hypervisor", "/etc/hypervisor/src"]) {
      Deno.chmodSync(root + path, 0o755);
    }
    Deno.chmodSync(`${root}/etc/hypervisor/src/f`, 0o644);
    const ctx = testContext({ root, now: () => new Date("2026-01-01T00:00:00Z") });
    await rememberOn(ctx, { repository: "Owner/Name" });
    const folder = `${root}/var/lib/hyper-nixos/sync`;
    if (state) Deno.writeTextFileSync(`${folder}/state.json`, encodeState(state));
    Deno.mkdirSync(`${root}/etc/hypervisor/.src-previous`);
    Deno.writeTextFileSync(
      `${root}/etc/hypervisor/.src-previous/record.json`,
      JSON.stringify(RECORD),
    );
    await test(
      ctx,
      () => ["state.json", "index"].map((name) => lstatIfExists(`${folder}/${name}`)?.ino),
    );
  });
}

const previous = (ctx: TestContext) =>
  readRecord(ctx.root.host("/etc/hypervisor/.src-previous"))?.to;

Deno.test("remember() writes down what was learnt of a tree of which nothing was known", async () => {
  await withTree(undefined, async (ctx) => {
    const state = readSyncState(ctx)!;
    deepEqual([state.commit, state.ref, state.repository], [COMMIT, "main", "Owner/Name"]);
    equal(state.time, "2026-01-01T00:00:00.000Z");
    deepEqual((await readIndex(ctx, state))!.manifest.entries.map(({ path }) => path), ["f"]);
  });
});

Deno.test("remember() writes nothing of what it knows: a rebuild need not be done again", async () => {
  await withTree(STATE, async (ctx, inodes) => {
    const before = inodes();
    await rememberOn(ctx, {});
    deepEqual(inodes(), before);
    equal(readSyncState(ctx)!.time, STATE.time);
    // More is known of the files, and nothing of the commit.
    await rememberOn(ctx, { isNew: true });
    equal(inodes()[0], before[0]);
    equal(inodes()[1] === before[1], false);
    equal(previous(ctx), COMMIT);
  });
});

Deno.test("remember() follows another name of the commit, and a commit of the same files, with the way back", async () => {
  await withTree(STATE, async (ctx) => {
    await rememberOn(ctx, { ref: "v1" });
    equal(readSyncState(ctx)!.ref, "v1");
    // The tree is not younger for that: what was built from it still is.
    equal(readSyncState(ctx)!.time, STATE.time);
    equal(previous(ctx), COMMIT);
    const next = "b".repeat(40);
    await rememberOn(ctx, { commit: next, ref: "v1" });
    const state = readSyncState(ctx)!;
    equal(state.commit, next);
    equal((await readIndex(ctx, state))!.manifest.commit, next);
    equal(previous(ctx), next, "--rollback goes back from where the tree is now");
  });
});
