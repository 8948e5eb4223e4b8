import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Manifest, ManifestEntry } from "./manifest.ts";

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

const MAGIC = "hyper-nixos index 1\n";
const HeadSchema = v.object({
  commit: v.string(),
  tree: v.string(),
  count: v.pipe(v.number(), v.integer(), v.minValue(0)),
  paths: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/**
 * The index as bytes: a line that names the format, a JSON line, then columns (modes, object names,
 * four figures of each stat as float64), the paths, and the SHA-1 of all that. Columns, because 60,000
 * entries must be read in a few milliseconds.
 */
export function encodeIndex({ manifest, figures }: LocalIndex): Uint8Array {
  const { entries, commit, tree } = manifest;
  const count = entries.length;
  const paths = Buffer.from(entries.map(({ path }) => path).join("\0"));
  const head = MAGIC + JSON.stringify({ commit, tree, count, paths: paths.length });
  // Padded so that the columns can be viewed in place.
  const start = Math.ceil((head.length + 1) / 8) * 8;
  const bytes = Buffer.alloc(start + count * (32 + 4 + 20) + paths.length + 20);
  bytes.write(head.padEnd(start - 1) + "\n", "latin1");
  new Float64Array(bytes.buffer, bytes.byteOffset + start, count * FIGURES).set(figures);
  let at = start + count * 32;
  new Uint32Array(bytes.buffer, bytes.byteOffset + at, count).set(entries.map(({ mode }) => mode));
  at += count * 4;
  bytes.write(entries.map(({ sha }) => sha).join(""), at, "hex");
  at += count * 20;
  paths.copy(bytes, at);
  at += paths.length;
  createHash("sha1").update(bytes.subarray(0, at)).digest().copy(bytes, at);
  return bytes;
}

/** Reads an index; undefined when it is damaged or of another format: it is then made anew. */
export function decodeIndex(content: Uint8Array): LocalIndex | undefined {
  // Copied to its own memory: the columns need an aligned start.
  const bytes = Buffer.from(new Uint8Array(content).buffer);
  const body = bytes.subarray(0, -20);
  if (bytes.length < 40 || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  if (!createHash("sha1").update(body).digest().equals(bytes.subarray(-20))) return undefined;
  const start = bytes.indexOf("\n", MAGIC.length) + 1;
  const head = v.safeParse(HeadSchema, parseJson(bytes.toString("latin1", MAGIC.length, start)));
  if (!head.success || start % 8 !== 0) return undefined;
  const { commit, tree, count } = head.output;
  if (body.length !== start + count * 56 + head.output.paths) return undefined;

  const figures = new Float64Array(bytes.buffer, bytes.byteOffset + start, count * FIGURES);
  const modes = new Uint32Array(bytes.buffer, bytes.byteOffset + start + count * 32, count);
  const names = bytes.toString("hex", start + count * 36, start + count * 56);
  const paths = count === 0
    ? []
    : bytes.toString("utf8", start + count * 56, body.length).split("\0");
  if (paths.length !== count) return undefined;
  const entries: ManifestEntry[] = paths.map((path, i) => ({
    path,
    mode: modes[i]!,
    sha: names.slice(i * 40, i * 40 + 40),
  }));
  return { manifest: { commit, tree, entries }, figures };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
