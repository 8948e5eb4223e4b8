import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import {
  decodeIndex,
  encodeIndex,
  FIGURES,
  type LocalIndex,
} from "../../../lib/sync/tree/index_file.ts";
import { Manifest } from "../../../lib/sync/tree/manifest.ts";
import { PathTableBuilder } from "../../../lib/sync/tree/path_table_builder.ts";

const sha = fc.stringMatching(/^[0-9a-f]{40}$/);
const entry = fc.record({
  path: fc.string({ minLength: 1, unit: "grapheme" }).filter((path) =>
    path.isWellFormed() && !path.includes("\0")
  ),
  mode: fc.constantFrom(0o100644, 0o100755, 0o120000, 0o160000, 0o040000, 0o100664),
  sha,
});
const index: fc.Arbitrary<LocalIndex> = fc.tuple(sha, sha, fc.array(entry)).chain(
  ([commit, tree, entries]) => {
    const rows = new PathTableBuilder();
    for (const { path, mode, sha } of entries) rows.append(path, mode, sha);
    const count = entries.length * FIGURES;
    return fc.array(fc.nat(2 ** 40), { minLength: count, maxLength: count }).map((figures) => ({
      manifest: new Manifest(commit, tree, rows.build()),
      figures: new Float64Array(figures),
    }));
  },
);

Deno.test("decodeIndex() reads what encodeIndex() wrote, wherever in memory it is", async () => {
  await fc.assert(fc.asyncProperty(index, fc.nat(9), async (index, offset) => {
    const bytes = await encodeIndex(index);
    const moved = new Uint8Array(bytes.length + offset).subarray(offset);
    moved.set(bytes);
    const read = (await decodeIndex(moved))!;
    const { manifest } = index;
    deepEqual(
      [read.manifest.commit, read.manifest.tree, read.manifest.entries],
      [manifest.commit, manifest.tree, manifest.entries],
    );
    deepEqual([...read.figures], [...index.figures]);
  }));
});

Deno.test("decodeIndex() refuses an index that was cut or changed anywhere", async () => {
  const flips = fc.integer({ min: 1, max: 255 });
  await fc.assert(fc.asyncProperty(index, fc.nat(), flips, async (index, where, flip) => {
    const bytes = await encodeIndex(index);
    const at = where % bytes.length;
    equal(await decodeIndex(bytes.subarray(0, at)), undefined);
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= flip;
    equal(await decodeIndex(damaged), undefined);
  }));
});
