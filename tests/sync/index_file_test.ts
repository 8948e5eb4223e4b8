import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { decodeIndex, encodeIndex, FIGURES } from "../../lib/sync/index_file.ts";

const sha = fc.stringMatching(/^[0-9a-f]{40}$/);
const entry = fc.record({
  path: fc.string({ minLength: 1, unit: "grapheme" }).filter((path) =>
    path.isWellFormed() && !path.includes("\0")
  ),
  mode: fc.constantFrom(0o100644, 0o100755, 0o120000, 0o160000, 0o040000, 0o100664),
  sha,
});
const index = fc.record({ commit: sha, tree: sha, entries: fc.array(entry) }).chain((manifest) => {
  const count = manifest.entries.length * FIGURES;
  return fc.array(fc.nat(2 ** 40), { minLength: count, maxLength: count }).map((figures) => ({
    manifest,
    figures: new Float64Array(figures),
  }));
});

Deno.test("decodeIndex() reads what encodeIndex() wrote", () => {
  fc.assert(fc.property(index, (index) => {
    const read = decodeIndex(encodeIndex(index));
    deepEqual(read?.manifest, index.manifest);
    deepEqual([...read?.figures ?? []], [...index.figures]);
  }));
});

Deno.test("decodeIndex() refuses an index that was cut or changed anywhere", () => {
  fc.assert(fc.property(index, fc.nat(), fc.integer({ min: 1, max: 255 }), (index, where, flip) => {
    const bytes = encodeIndex(index);
    const at = where % bytes.length;
    equal(decodeIndex(bytes.subarray(0, at)), undefined);
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= flip;
    equal(decodeIndex(damaged), undefined);
  }));
});
