import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { encodeTree, Mode, parseTree, type TreeItem } from "../../../lib/git/git_objects.ts";
import { objectHash } from "../../../lib/machine/tree/blob_hash.ts";
import { OldModes } from "../../../lib/sync/tree/old_modes.ts";

const OLD = 0o100664;
const SHA = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
const item = (name: string, mode: number = Mode.File): TreeItem => ({ name, mode, sha: SHA });
const shown = (items: readonly TreeItem[]) =>
  items.map((item) => item.mode === OLD ? { ...item, mode: Mode.File } : item);
const nameOf = (items: readonly TreeItem[], padded = false) =>
  objectHash("tree", encodeTree(items, padded));

// As in git's own first commit.
Deno.test("encode() finds the modes of a folder whose files are all old, however many", () => {
  const items = Array.from(
    { length: 300 },
    (_, i) => item(`file-${String(i).padStart(3, "0")}`, OLD),
  );
  deepEqual(new OldModes().encode(shown(items), nameOf(items)), encodeTree(items));
});

Deno.test("encode() finds any modes of up to fourteen files, beside links, folders and executables", () => {
  const others = [item("x", Mode.Executable), item("y", Mode.Symlink), item("z", Mode.Tree)];
  const files = fc.array(fc.boolean(), { minLength: 12, maxLength: 14 });
  fc.assert(
    fc.property(files, (olds) => {
      const items = [...olds.map((old, i) => item(`f${i + 10}`, old ? OLD : Mode.File)), ...others];
      deepEqual(parseTree(new OldModes().encode(shown(items), nameOf(items)), SHA), items);
    }),
    { numRuns: 6 },
  );
});

Deno.test("encode() finds one old file among many, and folders with a zero before their modes", () => {
  const many = Array.from(
    { length: 100 },
    (_, i) => item(`f${i + 100}`, i === 77 ? OLD : Mode.File),
  );
  deepEqual(new OldModes().encode(shown(many), nameOf(many)), encodeTree(many));
  const padded = [item("a", Mode.Tree), item("b")];
  deepEqual(new OldModes().encode(padded, nameOf(padded, true)), encodeTree(padded, true));
});

Deno.test("encode() gives the items as they are where no modes make the name, and tries no more then", () => {
  const modes = new OldModes();
  const items = [item("a"), item("b")];
  deepEqual(modes.encode(items, "0".repeat(40)), encodeTree(items));
  const old = [item("a", OLD), item("b")];
  // A folder above one that is something else cannot be made either.
  deepEqual(modes.encode(shown(old), nameOf(old)), encodeTree(shown(old)));
});
