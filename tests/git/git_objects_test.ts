import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  encodeTree,
  headerOf,
  isExecutable,
  kindOf,
  Mode,
  parseTree,
} from "../../lib/git/git_objects.ts";
import { TransferError } from "../../lib/git/transfer_error.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const name = fc.string({ unit: "binary", minLength: 1, maxLength: 20 })
  .filter((text) => text.isWellFormed() && !/[\0/]/.test(text));
const item = fc.record({
  name,
  mode: fc.constantFrom(...Object.values(Mode), 0o100664),
  sha: fc.stringMatching(/^[0-9a-f]{40}$/),
});

Deno.test("parseTree() reads back what encodeTree() writes", () => {
  fc.assert(fc.property(fc.array(item, { maxLength: 20 }), (items) => {
    deepEqual(parseTree(encodeTree(items), SHA), items);
  }));
});

Deno.test("parseTree() refuses a tree that is cut off, and names that are not UTF-8", () => {
  const whole = encodeTree([{ name: "a", mode: Mode.File, sha: SHA }]);
  for (let length = 1; length < whole.length; length++) {
    throws(() => parseTree(whole.subarray(0, length), SHA), TransferError, String(length));
  }
  const latin = Uint8Array.from(whole, (byte) => byte === 0x61 ? 0xe4 : byte);
  throws(() => parseTree(latin, SHA), /is not valid UTF-8/);
});

Deno.test("kindOf() knows Git's kinds, old modes of files too, and no other", () => {
  deepEqual([Mode.File, 0o100664, Mode.Executable].map(kindOf), ["file", "file", "file"]);
  deepEqual([Mode.Symlink, Mode.Gitlink, Mode.Tree].map(kindOf), ["symlink", "gitlink", "tree"]);
  for (const mode of [0, 0o010644, 0o060000, 0o140000]) throws(() => kindOf(mode), TransferError);
  deepEqual([0o100755, 0o100775, 0o100644, 0o120755].map(isExecutable), [true, true, false, false]);
});

Deno.test("headerOf() takes a header's object name, and nothing that only looks like one", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  equal(headerOf(bytes(`tree ${SHA}\nauthor a\n\ntree other`), "tree"), SHA);
  equal(headerOf(bytes(`object ${SHA}\ntype commit\n`), "object"), SHA);
  for (const text of ["", `subtree ${SHA}`, "tree abc\n", `object ${SHA}\n`]) {
    throws(() => headerOf(bytes(text), "tree"), TransferError, text);
  }
});
