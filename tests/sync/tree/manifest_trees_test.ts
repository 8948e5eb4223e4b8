import { deepEqual, equal, throws } from "node:assert/strict";
import { encodeTree, Mode, parseTree } from "../../../lib/git/git_objects.ts";
import { objectHash } from "../../../lib/machine/tree/blob_hash.ts";
import type { Manifest } from "../../../lib/sync/tree/manifest.ts";
import {
  manifestFromList,
  manifestFromTrees,
  ManifestTrees,
  MissingTree,
} from "../../../lib/sync/tree/manifest_trees.ts";
import { awkwardRepository } from "../../support/awkward_repository.ts";
import { git, oldModesCommit } from "../../support/repositories.ts";
import { gitEnvironment } from "../../support/github/git_environment.ts";

function plain({ commit, tree, entries }: Manifest): Omit<Manifest, "table" | "copied" | "has"> {
  return { commit, tree, entries };
}

const BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

async function treeObjects(directory: string, commit: string): Promise<Map<string, Uint8Array>> {
  const lines = (await git(directory, ["rev-list", "--objects", commit])).split("\n");
  const objects = new Map<string, Uint8Array>();
  for (const sha of lines.map((line) => line.slice(0, 40))) {
    if (await git(directory, ["cat-file", "-t", sha]) !== "tree") continue;
    const { stdout } = await new Deno.Command("git", {
      args: ["--git-dir", directory, "cat-file", "tree", sha],
      env: gitEnvironment,
    }).output();
    objects.set(sha, stdout);
  }
  return objects;
}

Deno.test("manifests from a list have the folders in which nothing is, as the commit", () => {
  const empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
  const folder = (path: string, sha: string) => ({ path, mode: Mode.Tree, sha });
  const list = [
    folder("a", "0".repeat(40)),
    folder("a/b", empty),
    { path: "c", mode: Mode.File, sha: BLOB },
    folder("d", empty),
  ];
  const manifest = manifestFromList(BLOB, list);
  deepEqual(manifest.entries.map(({ path }) => path), ["a", "a/b", "c", "d"]);
  // Made with git mktree.
  equal(manifest.tree, "69297549ff1166360ac726335b0bcaeb2e2550ee");
  throws(() => manifestFromList(BLOB, [...list, folder("../e", empty)]), /hostile path/);
});

Deno.test("manifests from a list have the modes of old repositories that make the commit's tree", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const { first } = await awkwardRepository(directory);
    const list = async (commit: string) => {
      const root = await git(directory, ["rev-parse", `${commit}^{tree}`]);
      const objects = await treeObjects(directory, commit);
      return manifestFromTrees(commit, root, (sha) => objects.get(sha));
    };
    const isOdd = (path: string) => path.length % 2 === 1;
    for (const isOld of [() => true, isOdd]) {
      const commit = await oldModesCommit(directory, first, isOld);
      const real = await list(commit);
      const shown = real.entries.map((entry) => ({
        ...entry,
        mode: entry.mode === 0o100664 ? Mode.File : entry.mode,
      }));
      equal(shown.some(({ mode }, index) => mode !== real.entries[index]!.mode), true);
      deepEqual(plain(manifestFromList(commit, shown, real.tree)), plain(real));
      equal(manifestFromList(commit, shown).tree === real.tree, false);
      equal(manifestFromList(commit, shown.slice(1), real.tree).tree === real.tree, false);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("manifests from trees and from a list are one, and make the same tree objects again", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const { first, second } = await awkwardRepository(directory);
    const root = await git(directory, ["rev-parse", `${first}^{tree}`]);
    const objects = await treeObjects(directory, first);
    const manifest = manifestFromTrees(first, root, (sha) => objects.get(sha));
    const shuffled = manifest.entries.filter(({ mode }) => mode !== Mode.Tree).toReversed();
    deepEqual(plain(manifestFromList(first, shuffled)), plain(manifest));
    equal(manifestFromList(first, shuffled.slice(1)).tree === root, false);

    const trees = new ManifestTrees(manifest);
    for (const [sha, content] of objects) deepEqual(trees.content(sha), content);
    equal(trees.content(BLOB), undefined);

    // Only what changed has to be there; the rest is the known manifest's own.
    const all = await treeObjects(directory, second);
    const changed = new Map([...all].filter(([sha]) => !objects.has(sha)));
    const next = await git(directory, ["rev-parse", `${second}^{tree}`]);
    deepEqual(
      plain(manifestFromTrees(second, next, (sha) => changed.get(sha), trees)),
      plain(manifestFromTrees(second, next, (sha) => all.get(sha))),
    );
    throws(() => manifestFromTrees(second, next, (sha) => changed.get(sha)), MissingTree);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("manifestFromTrees() refuses hostile names, wherever in the tree they are", () => {
  const object = (names: readonly string[]) => {
    const parts = names.flatMap((name) => [
      ...new TextEncoder().encode(`100644 ${name}\0`),
      ...Uint8Array.fromHex(BLOB),
    ]);
    return new Uint8Array(parts);
  };
  for (const names of [[".."], ["."], [".git"], ["a/b"], [""], ["x", "x"], ["a\nb"]]) {
    throws(() => manifestFromTrees(BLOB, BLOB, () => object(names)), /hostile path/, names.join());
  }
  // What is as it was before is passed over quickly, but not twice.
  const known = new ManifestTrees(manifestFromTrees(BLOB, BLOB, () => object(["a", "b", "c"])));
  const again = (names: readonly string[]) =>
    manifestFromTrees(BLOB, "0".repeat(40), () => object(names), known);
  deepEqual(again(["a", "aa", "c"]).entries.map(({ path }) => path), ["a", "aa", "c"]);
  deepEqual(again(["a", "b", "c", "d"]).copied.map(({ count }) => count), [3]);
  throws(() => again(["a", "b", "a"]), /hostile path/);
  throws(() => again(["a", "b", "c", "a"]), /hostile path/);
  throws(
    () => parseTree(new Uint8Array([49, 48, 32, 0xff, 0, ...Uint8Array.fromHex(BLOB)]), BLOB),
    /not valid UTF-8/,
  );
  throws(() =>
    manifestFromList(BLOB, [
      { path: "a", mode: Mode.File, sha: BLOB },
      { path: "a/b", mode: Mode.File, sha: BLOB },
    ]), /is there twice/);
});

/** Tree objects by name: a folder in each other for each name, and a file in the last. */
function nested(names: readonly string[], padded = false): [string, Map<string, Uint8Array>] {
  const objects = new Map<string, Uint8Array>();
  let item = { name: "file", mode: Mode.File as number, sha: BLOB };
  for (const name of [...names].reverse()) {
    const content = encodeTree([item], padded);
    const sha = objectHash("tree", content);
    objects.set(sha, content);
    item = { name, mode: Mode.Tree, sha };
  }
  const content = encodeTree([item], padded);
  const tree = objectHash("tree", content);
  return [tree, objects.set(tree, content)];
}

Deno.test("manifestFromTrees() refuses a folder that was moved to where its paths are too long or too deep", () => {
  for (
    const [name, count, problem] of [
      ["n".repeat(250), 10, /is too long/],
      ["d", 100, /is too deep/],
    ] as const
  ) {
    const names = Array.from({ length: count }, () => name);
    const [tree, objects] = nested(names);
    const known = new ManifestTrees(manifestFromTrees(BLOB, tree, (sha) => objects.get(sha)));
    const move = (times: number) => {
      const [next, all] = nested([...names, ...names.slice(0, times)]);
      // What is there already does not come again.
      return manifestFromTrees(
        BLOB,
        next,
        (sha) => objects.has(sha) ? undefined : all.get(sha),
        known,
      );
    };
    equal(move(1).table.count, count + 2);
    throws(() => move(count), problem);
  }
});

Deno.test("a tree object is not made again where others wrote it otherwise, but found from a list", () => {
  const [tree, objects] = nested(["a", "b"], true);
  const manifest = manifestFromTrees(BLOB, tree, (sha) => objects.get(sha));
  const trees = new ManifestTrees(manifest);
  const [inner] = manifest.entries.filter(({ path }) => path === "a/b");
  // Only the last folder has nothing but a file.
  deepEqual([...objects.keys()].filter((sha) => trees.content(sha) !== undefined), [inner!.sha]);
  deepEqual(plain(manifestFromList(BLOB, manifest.entries, tree)), plain(manifest));
});
