import * as v from "valibot";
import { Mode } from "../../git/git_objects.ts";
import { fileHash, linkHash } from "../../machine/tree/blob_hash.ts";
import {
  copyFile,
  exists,
  makeHardLink,
  readIfExists,
  readTextIfExists,
  writeFileAtomic,
} from "../../machine/files/files.ts";
import { syncableBelow } from "../../machine/tree/files_below.ts";
import { parsedAs } from "../../machine/parsed_as.ts";
import { LARGEST_INDEX } from "../../machine/tree/source_tree.ts";
import type { ManifestEntry } from "../tree/manifest.ts";
import type { SyncPlan } from "../tree/plan.ts";

/** The way back from a change: kept beside the tree until the next one. */
const RecordSchema = v.object({
  version: v.literal(1),
  /** The commit that the change led to; the way back starts there. */
  to: v.string(),
  /** `state.json` as it was before; null when there was none. */
  state: v.nullable(v.string()),
  /** Files that were not there before. */
  added: v.array(v.string()),
  /** Files of which only the permissions changed, with those of before. */
  modes: v.array(v.object({ path: v.string(), executable: v.boolean() })),
});
/** The way back from a change, as it is kept. */
export type PreviousRecord = v.InferOutput<typeof RecordSchema>;

/** Names in the folder of a previous tree, besides `tree/`. */
const RECORD = "record.json";
const INDEX = "index";

/** Describes what a plan is going to change. */
export function recordOf(plan: SyncPlan, state: string | undefined): PreviousRecord {
  const changed = new Set(plan.modes);
  const modes = plan.operations.flatMap((step) =>
    step.do === "mode" && changed.has(step.path)
      ? [{ path: step.path, executable: (step.before & 0o100) !== 0 }]
      : []
  );
  const { added, target } = plan;
  return { version: 1, to: target.commit, state: state ?? null, added: [...added], modes };
}

/**
 * Writes the record, and keeps the index of the tree as it was.
 * @param index the index's host path; nothing is kept when there is none
 * @returns what was written
 */
export function writeRecord(folder: string, record: PreviousRecord, index: string): string[] {
  const written = [`${folder}/${RECORD}`];
  Deno.writeTextFileSync(`${folder}/${RECORD}`, JSON.stringify(record));
  if (!exists(index)) return written;
  try {
    // An index is only ever replaced as a whole.
    makeHardLink(index, `${folder}/${INDEX}`);
  } catch {
    // It is on another file system than the tree.
    copyFile(index, `${folder}/${INDEX}`);
  }
  return [...written, `${folder}/${INDEX}`];
}

/** Lets the way back from a commit start at another one, which has the same files. */
export function leadOn(folder: string, from: string, to: string): void {
  const record = readRecord(folder);
  if (record?.to !== from) return;
  writeFileAtomic(`${folder}/${RECORD}`, JSON.stringify({ ...record, to }), { mode: 0o600 });
}

/** The record in a folder; undefined when there is none, or none that can be understood. */
export function readRecord(folder: string): PreviousRecord | undefined {
  return parsedAs(RecordSchema, readTextIfExists(`${folder}/${RECORD}`) ?? "");
}

/** The index that was kept. */
export function readPreviousIndex(folder: string): Uint8Array | undefined {
  return readIfExists(`${folder}/${INDEX}`, LARGEST_INDEX);
}

/** The files that were replaced, as a manifest would name them. */
export function previousFiles(folder: string): ManifestEntry[] {
  const top = `${folder}/tree`;
  return syncableBelow(top, "").map((path) => {
    const host = `${top}/${path}`;
    const info = Deno.lstatSync(host);
    if (info.isSymlink) return { path, mode: Mode.Symlink, sha: linkHash(host) };
    const mode = ((info.mode ?? 0) & 0o100) !== 0 ? Mode.Executable : Mode.File;
    return { path, mode, sha: fileHash(host, info.size) };
  });
}
