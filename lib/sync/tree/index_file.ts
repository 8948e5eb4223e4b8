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
/** Bytes of a SHA-1. */
const DIGEST = 20;
const NEWLINE = 0x0a;

/** The JSON line. */
interface Head {
  readonly commit: string;
  readonly tree: string;
  /** Rows. */
  readonly count: number;
  /** Bytes of all paths. */
  readonly paths: number;
}

/**
 * The index as bytes: a line that names the format, a JSON line, then columns (four figures of each
 * stat as float64, modes, where paths begin and end, object names, the paths), and the SHA-1 of all
 * that. They are the columns in memory: 60,000 rows must be there in a few milliseconds.
 */
export async function encodeIndex({ manifest, figures }: LocalIndex): Promise<Uint8Array> {
  const { commit, tree, table } = manifest;
  const { modes, starts, names, paths } = table.columns;
  const line: Head = { commit, tree, count: table.count, paths: paths.length };
  const head = MAGIC + JSON.stringify(line);
  // Padded so that the columns can be viewed in place.
  const start = Math.ceil((head.length + 1) / 8) * 8;
  const bytes = new Uint8Array(start + table.count * ROW_BYTES + 4 + paths.length + DIGEST);
  bytes.set(new TextEncoder().encode(head.padEnd(start - 1) + "\n"));
  let at = start;
  for (const { buffer, byteOffset, byteLength } of [figures, modes, starts, names, paths]) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  bytes.set(await sha1(bytes.subarray(0, at)), at);
  return bytes;
}

/** Reads an index; undefined when it is damaged or of another format: it is then made anew. */
export async function decodeIndex(content: Uint8Array): Promise<LocalIndex | undefined> {
  // The columns need memory that begins at a multiple of eight.
  const bytes = content.byteOffset % 8 === 0 && content.buffer instanceof ArrayBuffer
    ? new Uint8Array(content.buffer, content.byteOffset, content.length)
    : new Uint8Array(content);
  if (bytes.length < 2 * DIGEST || text(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    return undefined;
  }
  const body = bytes.subarray(0, -DIGEST);
  const digest = await sha1(body);
  if (digest.some((byte, at) => byte !== bytes[body.length + at])) return undefined;
  const start = bytes.indexOf(NEWLINE, MAGIC.length) + 1;
  const head = headOf(text(bytes.subarray(MAGIC.length, start)));
  if (head === undefined || start % 8 !== 0) return undefined;
  const { commit, tree, count } = head;
  if (body.length !== start + count * ROW_BYTES + 4 + head.paths) return undefined;

  const { buffer } = bytes;
  let at = bytes.byteOffset + start;
  const take = (length: number) => (at += length) - length;
  const figures = new Float64Array(buffer, take(count * FIGURES * 8), count * FIGURES);
  const modes = new Uint32Array(buffer, take(count * 4), count);
  const starts = new Uint32Array(buffer, take(count * 4 + 4), count + 1);
  const names = new Uint8Array(buffer, take(count * NAME_BYTES), count * NAME_BYTES);
  const paths = new Uint8Array(buffer, at, head.paths);
  if (starts[count] !== paths.length) return undefined;
  const table = new PathTable({ modes, starts, names, paths });
  return { manifest: new Manifest(commit, tree, table), figures };
}

/** By the web's own function: `node:crypto` takes longer to load than all the rest of a short run. */
async function sha1(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", bytes));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Undefined for what {@link encodeIndex} has not written. */
function headOf(line: string): Head | undefined {
  try {
    const { commit, tree, count, paths } = JSON.parse(line);
    const known = typeof commit === "string" && typeof tree === "string" && isCount(count) &&
      isCount(paths);
    return known ? { commit, tree, count, paths } : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0;
}
