/** Any tree on disk, any commit: after the planned steps the tree is the commit, and nothing is lost. */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { Mode } from "../../../lib/git/git_objects.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import { createStaging, sourceTree } from "../../../lib/machine/tree/source_tree.ts";
import { applyChange } from "../../../lib/sync/apply/apply.ts";
import { syncableBelow } from "../../../lib/machine/tree/files_below.ts";
import { LocalTree } from "../../../lib/sync/tree/local_tree.ts";
import type { Manifest } from "../../../lib/sync/tree/manifest.ts";
import {
  manifestFromList,
  manifestFromTrees,
  ManifestTrees,
} from "../../../lib/sync/tree/manifest_trees.ts";
import { planSync } from "../../../lib/sync/tree/planner.ts";
import { settlePlan } from "../../../lib/sync/apply/second_look.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { localListing } from "../synced_machine.ts";

/** Few names and contents, so that they meet: files that become folders, links, equal contents. */
const path = fc.array(fc.constantFrom("a", "b", "A", "é"), { minLength: 1, maxLength: 3 })
  .map((names) => names.join("/"));
const file = fc.record({
  path,
  mode: fc.constantFrom(Mode.File, Mode.Executable, Mode.Symlink),
  content: fc.constantFrom("", "one", "two", "../a"),
});
type FileOf = { path: string; mode: number; content: string };

/** Without two entries for one path, or a file where another has a folder. */
function consistent(files: readonly FileOf[]): FileOf[] {
  const kept: FileOf[] = [];
  for (const file of files) {
    if (file.mode === Mode.Symlink && file.content === "") continue;
    const clashes = kept.some(({ path }) =>
      path === file.path || path.startsWith(file.path + "/") || file.path.startsWith(path + "/")
    );
    if (!clashes) kept.push(file);
  }
  return kept;
}

const files = fc.array(file, { maxLength: 7 }).map(consistent);

function manifestOf(name: string, files: readonly FileOf[]): Manifest {
  const list = files.map(({ path, mode, content }) => ({ path, mode, sha: sha(content) }));
  return manifestFromList(name.repeat(40), list);
}

/** A manifest as it comes over the network: of folders that are known, only the names come. */
function received(manifest: Manifest, known: Manifest): Manifest {
  const [all, here] = [new ManifestTrees(manifest), new ManifestTrees(known)];
  const source = (sha: string) => here.content(sha) ? undefined : all.content(sha);
  const target = manifestFromTrees(manifest.commit, manifest.tree, source, here);
  deepEqual(target.entries, manifest.entries);
  return target;
}

function sha(content: string): string {
  return blobHash(new TextEncoder().encode(content));
}

function write(top: string, files: readonly FileOf[]): void {
  for (const { path, mode, content } of files) {
    const folder = `${top}/${path}`.replace(/\/[^/]*$/, "");
    Deno.mkdirSync(folder, { recursive: true });
    if (mode === Mode.Symlink) Deno.symlinkSync(content, `${top}/${path}`);
    else {
      Deno.writeTextFileSync(`${top}/${path}`, content);
      Deno.chmodSync(`${top}/${path}`, mode & 0o777);
    }
  }
}

function contents(top: string): Set<string> {
  try {
    return new Set(localListing(top).map((line) => line.slice(7, 47)));
  } catch {
    return new Set();
  }
}

Deno.test("planSync() and applyChange() make any tree the commit, and lose no local content", async () => {
  await fc.assert(
    fc.asyncProperty(files, files, files, fc.boolean(), async (base, here, next, known) => {
      const root = await Deno.makeTempDir();
      try {
        await Deno.mkdir(`${root}/etc/hypervisor/src`, { recursive: true });
        await Deno.mkdir(`${root}/var/lib/hyper-nixos/backups`, { recursive: true });
        const ctx = testContext({ root });
        const tree = sourceTree(ctx);
        write(tree.path, here);
        for (const folder of foldersOf(here)) Deno.chmodSync(`${tree.path}/${folder}`, 0o755);
        const before = contents(tree.path);
        const from = known ? manifestOf("a", base) : undefined;
        const target = from ? received(manifestOf("b", next), from) : manifestOf("b", next);
        const index = from && {
          manifest: from,
          figures: new Float64Array(from.table.count * 4),
        };
        const local = new LocalTree(tree.path, index, 0);
        await local.scan();
        const plan = planSync(local, target, from);
        const { operations } = await settlePlan(
          { local, plan },
          () => new LocalTree(tree.path, index, 0),
          () => Promise.reject(new Error("nobody has edited anything")),
        );
        await applyChange(ctx, {
          tree,
          operations,
          staging: createStaging(ctx, tree),
          plan,
          contents: {
            of: ({ path }) =>
              new TextEncoder().encode(next.find((file) => file.path === path)!.content),
          },
          stateBefore: undefined,
          stateAfter: undefined,
        });
        // What is left besides the commit was never synced, or was edited here.
        const wanted = next.map(({ path, mode, content }) =>
          `${mode.toString(8)} ${sha(content)}\t${path}`
        );
        const now = localListing(tree.path);
        for (const line of wanted) ok(now.includes(line), `missing: ${line}`);
        for (const line of now.filter((line) => !wanted.includes(line))) {
          const [path = ""] = line.split("\t").slice(1);
          const synced = from?.entries.find((entry) => entry.path === path);
          ok(
            !synced || line.slice(7, 47) !== synced.sha || !line.startsWith(kind(synced.mode)),
            `not deleted: ${line}`,
          );
        }
        // Every content that was here is in the tree, among the previous files, or was the base's.
        const after = new Set([...contents(tree.path), ...contentsBelow(`${tree.previous}/tree`)]);
        deepEqual([...before].filter((sha) => !after.has(sha)), []);
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("planSync() removes a file in whose place a commit has a folder with nothing in it", async () => {
  await withScratch(
    { "tree/f": "one", "tree/edited": "mine", "tree/d/f": "one" },
    async (folder) => {
      const base = manifestOf("a", [
        { path: "d/f", mode: Mode.File, content: "one" },
        { path: "edited", mode: Mode.File, content: "one" },
        { path: "f", mode: Mode.File, content: "one" },
      ]);
      const empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
      const target = manifestFromList(
        "b".repeat(40),
        ["d", "edited", "f"].map((path) => ({ path, mode: Mode.Tree, sha: empty })),
      );
      const figures = new Float64Array(base.table.count * 4);
      const local = new LocalTree(`${folder}/tree`, { manifest: base, figures }, 0);
      await local.scan();
      const plan = planSync(local, target, base);
      deepEqual([plan.deleted, plan.kept, plan.edited], [["d/f", "f"], ["edited"], []]);
      deepEqual(plan.operations, [{ do: "remove", path: "d/f" }, { do: "remove", path: "f" }]);
    },
  );
});

Deno.test("planSync() plans nothing for a tree that is the commit", async () => {
  await fc.assert(
    fc.asyncProperty(files, async (files) => {
      const top = await Deno.makeTempDir();
      try {
        write(top, files);
        for (const folder of foldersOf(files)) Deno.chmodSync(`${top}/${folder}`, 0o755);
        const manifest = manifestOf("a", files);
        const figures = new Float64Array(manifest.table.count * 4);
        const local = new LocalTree(top, { manifest, figures }, 0);
        equal(await local.scan(), true);
        const plan = planSync(local, manifest, manifest);
        deepEqual(plan.operations, []);
        equal(plan.files, files.length);
      } finally {
        await Deno.remove(top, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});

function kind(mode: number): string {
  return mode === Mode.Symlink ? "12" : "10";
}

function foldersOf(files: readonly FileOf[]): Set<string> {
  const folders = new Set<string>();
  for (const { path } of files) {
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
      folders.add(path.slice(0, at));
    }
  }
  return folders;
}

function contentsBelow(folder: string): string[] {
  return syncableBelow(folder, "").map((path) => {
    const host = `${folder}/${path}`;
    return Deno.lstatSync(host).isSymlink
      ? sha(Deno.readLinkSync(host))
      : blobHash(Deno.readFileSync(host));
  });
}
