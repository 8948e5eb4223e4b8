import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { encodeTree, Mode, type TreeItem } from "../../../lib/git/git_objects.ts";
import { objectHash } from "../../../lib/machine/tree/blob_hash.ts";
import type { ToolError } from "../../../lib/machine/tool_error.ts";
import { addCopied, type CopiedRows } from "../../../lib/sync/tree/copied_rows.ts";
import type { Manifest } from "../../../lib/sync/tree/manifest.ts";
import { manifestFromTrees, ManifestTrees } from "../../../lib/sync/tree/manifest_trees.ts";

/** Names that git sorts otherwise as files than as folders, and otherwise than JavaScript does. */
const NAMES = ["a", "a-b", "a.b", "a0", "A", "é", "\ufffd", "\u{1f995}"];
type Folder = { readonly [name: string]: number | Folder };

const leaf = fc.constantFrom<number>(
  Mode.File,
  Mode.Executable,
  Mode.Symlink,
  Mode.Gitlink,
  0o100664,
);
const folder = (depth: number): fc.Arbitrary<Folder> =>
  fc.dictionary(
    fc.constantFrom(...NAMES),
    depth === 0 ? leaf : fc.oneof({ weight: 2, arbitrary: leaf }, folder(depth - 1)),
    { maxKeys: 5 },
  );

const bytes = (text: string) => new TextEncoder().encode(text);

/** The name of a folder's tree; its objects go into the map. Contents are as their modes. */
function write(
  folder: Folder,
  objects: Map<string, Uint8Array>,
  order = (items: TreeItem[]) => items,
): string {
  const items = Object.entries(folder).map(([name, what]): TreeItem =>
    typeof what === "number"
      ? { name, mode: what, sha: objectHash("blob", bytes(String(what))) }
      : { name, mode: Mode.Tree, sha: write(what, objects, order) }
  );
  const key = ({ name, mode }: TreeItem) => bytes(mode === Mode.Tree ? name + "/" : name).toHex();
  items.sort((one, other) => key(one) < key(other) ? -1 : 1);
  const content = encodeTree(order(items));
  const sha = objectHash("tree", content);
  objects.set(sha, content);
  return sha;
}

function read(folder: Folder, known?: ManifestTrees, before?: Map<string, Uint8Array>): Manifest {
  const objects = new Map<string, Uint8Array>();
  const tree = write(folder, objects);
  const source = (sha: string) => before?.has(sha) ? undefined : objects.get(sha);
  return manifestFromTrees("c".repeat(40), tree, source, known);
}

Deno.test("a manifest is the same whether or not one before it is known, and rows are copied rightly", () => {
  fc.assert(
    fc.property(folder(2), folder(2), fc.boolean(), (old, next, isThin) => {
      const objects = new Map<string, Uint8Array>();
      write(old, objects);
      const base = read(old);
      const plain = read(next);
      const manifest = read(next, new ManifestTrees(base), isThin ? objects : undefined);
      deepEqual(manifest.entries, plain.entries);
      equal(manifest.tree, plain.tree);
      for (const { from, first, at, count } of manifest.copied) {
        equal(from, base.table);
        for (let row = 0; row < count; row++) {
          deepEqual(manifest.table.entry(at + row), from.entry(first + row));
        }
      }
      const rows = manifest.copied.map(({ at, count }) => [at, at + count] as const);
      rows.forEach(([at], i) => equal(at >= (rows[i - 1]?.[1] ?? 0), true, "in order, once"));
    }),
    { numRuns: 400 },
  );
});

Deno.test("a tree in another order than git's is refused, or read as it would be without one before it", () => {
  const turned = fc.constantFrom<(items: TreeItem[]) => TreeItem[]>(
    (items) => items.toReversed(),
    (items) => [...items.slice(1), ...items.slice(0, 1)],
    (items) => [...items, ...items.slice(0, 1)],
  );
  fc.assert(
    fc.property(folder(1), folder(1), turned, (old, next, order) => {
      const objects = new Map<string, Uint8Array>();
      const tree = write(next, objects, order);
      const readWith = (known?: ManifestTrees) => {
        try {
          return manifestFromTrees("c".repeat(40), tree, (sha) => objects.get(sha), known).entries;
        } catch (error) {
          equal((error as ToolError).code, 6);
          return undefined;
        }
      };
      const plain = readWith();
      for (const base of [old, next]) {
        const known = readWith(new ManifestTrees(read(base)));
        if (known !== undefined) deepEqual(known, plain);
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("addCopied() joins runs that follow each other in both tables, and no others", () => {
  const { table } = read({ a: Mode.File });
  const other = read({ a: Mode.File }).table;
  const copied: CopiedRows[] = [];
  for (
    const [from, first, at, count] of [
      [table, 0, 0, 2],
      [table, 2, 2, 3],
      [table, 5, 6, 1],
      [table, 7, 7, 1],
      [other, 8, 8, 1],
    ] as const
  ) addCopied(copied, { from, first, at, count });
  deepEqual(copied.map(({ first, at, count }) => [first, at, count]), [
    ...[[0, 0, 5], [5, 6, 1], [7, 7, 1], [8, 8, 1]],
  ]);
});
