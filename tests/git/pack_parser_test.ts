import { deepEqual, equal, match, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { concat } from "../../lib/git/bytes.ts";
import { type PackedObject, PackParser } from "../../lib/git/pack_parser.ts";
import { TransferError } from "../../lib/git/transfer_error.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";

const TYPES = { commit: 1, tree: 2, blob: 3, tag: 4, offset: 6, name: 7 } as const;
const text = (value: string) => new TextEncoder().encode(value);

/** The head of an object: its type and size, gitformat-pack(5). */
function head(type: number, size: number): number[] {
  const bytes = [type << 4 | size & 15];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(rest & 0x7f);
  }
  return bytes;
}

function object(
  type: number,
  content: Uint8Array,
  before: readonly number[] = [],
  size = content.length,
): Uint8Array {
  return concat([Uint8Array.from([...head(type, size), ...before]), deflateSync(content)]);
}

/** A pack of these objects with a checksum that fits. */
function pack(objects: readonly Uint8Array[], count = objects.length, version = 2): Uint8Array {
  const header = new DataView(new ArrayBuffer(12));
  [0x5041434b, version, count].forEach((value, at) => header.setUint32(at * 4, value));
  const body = concat([new Uint8Array(header.buffer), ...objects]);
  return concat([body, createHash("sha1").update(body).digest()]);
}

function parse(bytes: Uint8Array, pieces: readonly number[] = [bytes.length]): PackedObject[] {
  const parser = new PackParser();
  const found: PackedObject[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = pieces[turn % pieces.length]!;
    found.push(...parser.push(bytes.subarray(at, at + size)));
    at += size;
  }
  found.push(...parser.end());
  return found;
}

const LONG = text("a line of a file that is some lines long\n".repeat(50));
const WHOLE = pack([
  object(TYPES.commit, text("tree x\n")),
  object(TYPES.blob, LONG),
  object(TYPES.blob, text("")),
  object(TYPES.offset, text("delta"), [12 + 3]),
  object(TYPES.name, text("delta"), [...new Uint8Array(20).fill(0xab)]),
]);

Deno.test("PackParser gives the same objects in whatever pieces the pack arrives", () => {
  const expected = parse(WHOLE);
  deepEqual(expected.map(({ kind, data }) => [kind, data.length]), [
    ["commit", 7],
    ["blob", LONG.length],
    ["blob", 0],
    ["delta", 5],
    ["delta", 5],
  ]);
  equal((expected[4] as { base: string }).base, "ab".repeat(20));
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
      (pieces) => {
        deepEqual(parse(WHOLE, pieces), expected);
      },
    ),
  );
});

Deno.test("PackParser knows when all is here, and takes an empty pack", () => {
  const parser = new PackParser();
  deepEqual([...parser.push(WHOLE.subarray(0, -1))].length, 5);
  equal(parser.isComplete, false);
  deepEqual([...parser.push(WHOLE.subarray(-1))], []);
  equal(parser.isComplete, true);
  deepEqual(parse(pack([])), []);
});

const changed = (at: number) => {
  const bytes = WHOLE.slice();
  bytes[at]! ^= 0x10;
  return bytes;
};
const SIZES = [0xb0, ...new Uint8Array(200).fill(0x80)];

for (
  const [what, bytes, says] of [
    ["nothing", new Uint8Array(), /cut off/],
    ["half of it", WHOLE.subarray(0, 60), /cut off/],
    ["a byte too few", WHOLE.subarray(0, -1), /no trailer/],
    ["a byte too many", concat([WHOLE, Uint8Array.from([0])]), /no trailer/],
    ["another checksum", changed(WHOLE.length - 1), /checksum differs/],
    ["a byte that fell over", changed(30), /damaged|differs|cut off/],
    ["no pack", text("<html>log in to go on</html>"), /not a pack of version 2/],
    ["another version", pack([], 0, 3), /not a pack of version 2/],
    ["fewer objects than it says", pack([object(3, LONG)], 2), /pack|damaged|unknown/],
    ["more objects than it says", pack([object(3, LONG), object(3, LONG)], 1), /no trailer/],
    ["more objects than anybody has", pack([], 0xffffffff), /has 4294967295 objects/],
    ["a type that is none", pack([object(5, LONG)]), /unknown object type 5/],
    ["a content longer than it says", pack([object(3, LONG, [], 10)]), /damaged|differs/],
    ["a content shorter than it says", pack([object(3, text("x"), [], 10)]), /size differs/],
    ["an object of a terabyte", pack([object(3, LONG, [], 2 ** 40)]), /too large/],
    [
      "a size that does not end",
      pack([Uint8Array.from([...SIZES, 1]), deflateSync(LONG)], 1),
      /too large|damaged|differs/,
    ],
    ["a delta on itself", pack([object(TYPES.offset, LONG, [0])]), /outside of the pack/],
    ["a delta on the header", pack([object(TYPES.offset, LONG, [11])]), /outside of the pack/],
    [
      "a delta on what was before the pack",
      pack([object(TYPES.offset, LONG, [0xff, 0xff, 0x7f])]),
      /outside of the pack/,
    ],
  ] as const
) {
  Deno.test(`PackParser refuses ${what}`, () => {
    for (const pieces of [[Math.max(1, bytes.length)], [7]]) {
      throws(() => parse(bytes, pieces), (error) => {
        match((error as Error).message, says);
        return error instanceof TransferError || error instanceof ToolError;
      });
    }
  });
}
