import { deepEqual, equal } from "node:assert/strict";
import { encodeTree, Mode } from "../../../lib/git/git_objects.ts";
import { blobHash, objectHash } from "../../../lib/machine/tree/blob_hash.ts";
import { ContentStore } from "../../../lib/sync/apply/content_store.ts";
import { LocalTree } from "../../../lib/sync/tree/local_tree.ts";
import { manifestFromList, ManifestTrees } from "../../../lib/sync/tree/manifest_trees.ts";
import { withScratch } from "../../support/scratch_files.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const blob = (data: Uint8Array) => ({ kind: "blob", data }) as const;

Deno.test("ContentStore gives what was received, what is a file here, and the folders of the last sync", async () => {
  await withScratch({ "tree/here": "here", "tree/link": { link: "target" } }, async (folder) => {
    const manifest = manifestFromList("c".repeat(40), [
      { path: "dir/here", mode: Mode.File, sha: blobHash(bytes("here")) },
      { path: "here", mode: Mode.File, sha: blobHash(bytes("here")) },
      { path: "link", mode: Mode.Symlink, sha: blobHash(bytes("target")) },
    ]);
    const index = { manifest, figures: new Float64Array(manifest.table.count * 4) };
    const local = new LocalTree(`${folder}/tree`, index, 0);
    await local.scan();
    const store = new ContentStore(local, new ManifestTrees(manifest), `${folder}/objects`);
    for (const text of ["here", "target"]) {
      deepEqual(store.get(blobHash(bytes(text))), blob(bytes(text)));
      equal(store.has(blobHash(bytes(text))), true);
    }
    equal(store.get(manifest.tree)?.kind, "tree");
    equal(store.received(manifest.tree, "tree"), undefined, "it did not come over the network");
    const sha = blobHash(bytes("new"));
    equal(store.get(sha), undefined);
    store.put(sha, blob(bytes("new")));
    deepEqual(store.get(sha), blob(bytes("new")));
    equal(store.sizeOf(sha), 3);
    equal(store.received(sha, "tree"), undefined);
    // An edit is not what the index says; what it was is nowhere then.
    Deno.writeTextFileSync(`${folder}/tree/here`, "edit");
    equal(store.has(blobHash(bytes("here"))), false);
  });
});

Deno.test("ContentStore keeps what does not fit into memory beside the tree, and gives each file away once", async () => {
  await withScratch({ "staging/": "" }, (folder) => {
    const local = new LocalTree(`${folder}/tree`, undefined, 0);
    const store = new ContentStore(local, undefined, `${folder}/staging/objects`);
    const contents = [20, 20, 20].map((mib, i) => new Uint8Array(mib * 1024 * 1024).fill(i));
    const names = contents.map(blobHash);
    contents.forEach((data, i) => store.put(names[i]!, blob(data)));
    const spilled = [...Deno.readDirSync(`${folder}/staging/objects`)].map(({ name }) => name);
    deepEqual(spilled, [names[2]]);
    for (const [i, sha] of names.entries()) {
      equal(store.has(sha), true);
      equal(blobHash(store.get(sha)!.data), sha);
      equal(store.sizeOf(sha), contents[i]!.length);
    }
    const [first, second] = [`${folder}/first`, `${folder}/second`];
    equal(store.moveTo(names[0]!, first, 0o755), false, "it is in no file");
    equal(store.moveTo(names[2]!, first, 0o755), true);
    equal((Deno.statSync(first).mode ?? 0) & 0o7777, 0o755);
    // Another path with this content gets a copy, by whoever asks for it.
    equal(store.moveTo(names[2]!, second, 0o644), false);
    equal(blobHash(store.get(names[2]!)!.data), names[2]);
  });
});

Deno.test("ContentStore takes an object that comes again for the one that it has", async () => {
  await withScratch({ "staging/": "" }, (folder) => {
    const local = new LocalTree(`${folder}/tree`, undefined, 0);
    const store = new ContentStore(local, undefined, `${folder}/staging/objects`);
    const data = encodeTree([{ name: "a", mode: Mode.File, sha: "0".repeat(40) }]);
    const sha = objectHash("tree", data);
    const first = { kind: "tree", data } as const;
    store.put(sha, first);
    store.put(sha, { kind: "tree", data: data.slice() });
    equal(store.get(sha), first);
    equal(store.received(sha, "tree"), data);
    equal(store.received(sha, "commit"), undefined);
  });
});
