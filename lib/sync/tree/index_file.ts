import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import * as v from "valibot";
import { Manifest } from "./manifest.ts";
import { NAME_BYTES, PathTable } from "./path_table.ts";

/**
 * How files were when their content was last seen to be their manifest entries': size in bytes, mtime
 * in milliseconds, ctime in seconds, inode; four numbers for each entry, all 0 when the content has to be
 * read. Only recorded when the times were older than the second in which it was looked at, so that
 * equal figures mean equal content: times are no finer than milliseconds (mtime) and seconds (ctime).
 */
export type FileFigures = Float64Array<ArrayBuffer>;

/** Numbers for each entry in {@link FileFigures}. */
export const FIGURES = 4;

/** A manifest with what is known of the files on disk. */
export interface LocalIndex {
  readonly manifest: Manifest;
  readonly figures: FileFigures;
}

const MAGIC = "hyper-nixos index 2\n";
/** Four figures of eight bytes, a mode and the start of the path of four each, a name. */
const ROW_BYTES = FIGURES * 8 + 4 + 4 + NAME_BYTES;
const HeadSchema = v.object({
  commit: v.string(),
  tree: v.string(),
  count: v.pipe(v.number(), v.integer(), v.minValue(0)),
  paths: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/**
 * The index as bytes: a line that names the format, a JSON line, then columns (four figures of each
 * stat as float64, modes, where paths begin and end, object names, the paths), and the SHA-1 of all
 * that. They are the columns in memory: 60,000 rows must be there in a few milliseconds.
 */
export function encodeIndex({ manifest, figures }: LocalIndex): Uint8Array {
  const { commit, tree, table } = manifest;
  const { modes, starts, names, paths } = table.columns;
  const head = MAGIC + JSON.stringify({ commit, tree, count: table.count, paths: paths.length });
  // Padded so that the columns can be viewed in place.
  const start = Math.ceil((head.length + 1) / 8) * 8;
  const bytes = Buffer.alloc(start + table.count * ROW_BYTES + 4 + paths.length + 20);
  bytes.write(head.padEnd(start - 1) + "\n", "latin1");
  let at = start;
  for (const { buffer, byteOffset, byteLength } of [figures, modes, starts, names, paths]) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  createHash("sha1").update(bytes.subarray(0, at)).digest().copy(bytes, at);
  return bytes;
}

/** Reads an index; undefined when it is damaged or of another format: it is then made anew. */
export function decodeIndex(content: Uint8Array): LocalIndex | undefined {
  // The columns need memory that begins at a multiple of eight.
  const bytes = content.byteOffset % 8 === 0 && content.buffer instanceof ArrayBuffer
    ? Buffer.from(content.buffer, content.byteOffset, content.length)
    : Buffer.from(new Uint8Array(content).buffer);
  const body = bytes.subarray(0, -20);
  if (bytes.length < 40 || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  if (!createHash("sha1").update(body).digest().equals(bytes.subarray(-20))) return undefined;
  const start = bytes.indexOf("\n", MAGIC.length) + 1;
  const head = v.safeParse(HeadSchema, parseJson(bytes.toString("latin1", MAGIC.length, start)));
  if (!head.success || start % 8 !== 0) return undefined;
  const { commit, tree, count } = head.output;
  if (body.length !== start + count * ROW_BYTES + 4 + head.output.paths) return undefined;

  const { buffer } = bytes;
  let at = bytes.byteOffset + start;
  const take = (length: number) => (at += length) - length;
  const figures = new Float64Array(buffer, take(count * FIGURES * 8), count * FIGURES);
  const modes = new Uint32Array(buffer, take(count * 4), count);
  const starts = new Uint32Array(buffer, take(count * 4 + 4), count + 1);
  const names = new Uint8Array(buffer, take(count * NAME_BYTES), count * NAME_BYTES);
  const paths = new Uint8Array(buffer, at, head.output.paths);
  if (starts[count] !== paths.length) return undefined;
  const table = new PathTable({ modes, starts, names, paths });
  return { manifest: new Manifest(commit, tree, table), figures };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
