import * as v from "valibot";
import { FileIdentitySchema } from "./file_identity.ts";
import { exists, readTextIfExists, removeIfExists, rename, syncFolder } from "../files/files.ts";
import { refuseHostilePaths } from "./hostile_path.ts";

/** Permission bits alone: nothing that was made by a sync is setuid. */
const Permissions = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o777));

/**
 * One step of a change, on a path relative to the tree. Each can be done again after it was done.
 * - `aside`: what is there (a folder, a link in a folder's place) moves to the previous tree; files in it
 *   that are not those `below` (relative to the tree) are kept.
 * - `remove`: the file, of which the previous tree has a hard link, is removed; it stays when it is not what
 *   it `was` any more.
 * - `put`: the staged file, link or whole new folder, which `fresh` describes, takes its place; what is
 *   found there is kept when it is not what `was` there (nothing, where that is missing).
 * - `mode`: permissions are set, and root becomes the owner.
 * - `prune`: the folder is removed if nothing is left in it.
 */
const OperationSchema = v.variant("do", [
  v.object({
    do: v.literal("aside"),
    path: v.string(),
    below: v.optional(v.array(v.object({ path: v.string(), ...FileIdentitySchema.entries }))),
  }),
  v.object({ do: v.literal("remove"), path: v.string(), was: v.optional(FileIdentitySchema) }),
  v.object({
    do: v.literal("put"),
    path: v.string(),
    was: v.optional(FileIdentitySchema),
    fresh: v.optional(FileIdentitySchema),
  }),
  v.object({ do: v.literal("prune"), path: v.string() }),
  v.object({ do: v.literal("mode"), path: v.string(), mode: Permissions, before: Permissions }),
]);
/** One change of the source tree, as its journal has it. */
export type Operation = v.InferOutput<typeof OperationSchema>;

const JournalSchema = v.object({
  version: v.literal(1),
  operations: v.array(OperationSchema),
});

/** What is where inside a staging folder. */
export const staged = {
  /** New files, at their final relative paths. */
  new: (staging: string): string => `${staging}/new`,
  /** What becomes the way back: the replaced files under `tree/`, and a record. */
  previous: (staging: string): string => `${staging}/previous`,
  previousTree: (staging: string): string => `${staging}/previous/tree`,
  /** Edits that were found in the way, under `tree/`: they go to the backup. */
  kept: (staging: string): string => `${staging}/kept`,
  keptTree: (staging: string): string => `${staging}/kept/tree`,
  /** The way back of before, which nobody needs any more. */
  outdated: (staging: string): string => `${staging}/outdated`,
  /** The state and index that describe the tree after the change; absent: there will be none. */
  state: (staging: string): string => `${staging}/state.json`,
  index: (staging: string): string => `${staging}/index`,
  journal: (staging: string): string => `${staging}/journal.json`,
  /** The journal before it says anything. */
  draft: (staging: string): string => `${staging}/journal.json.new`,
  /** Names the folder (machine path) of the backup that goes with the change. */
  backup: (staging: string): string => `${staging}/backup`,
} as const;

/**
 * Writes down what is going to be done; nothing is decided by it.
 * @returns the host path of what was written
 */
export function draftJournal(staging: string, operations: readonly Operation[]): string {
  const path = staged.draft(staging);
  Deno.writeTextFileSync(path, JSON.stringify({ version: 1, operations }), { mode: 0o600 });
  return path;
}

/**
 * Makes the draft the journal: from here on the change is decided, and whoever finds it finishes it. The
 * draft, and all that is staged, must be on disk before. When it cannot be brought to the disk, nothing
 * is decided.
 */
export function decideChange(staging: string): void {
  try {
    rename(staged.draft(staging), staged.journal(staging));
    syncFolder(staging);
  } catch (error) {
    removeIfExists(staged.journal(staging));
    throw error;
  }
}

/**
 * The journal of a staging folder; undefined when the change was never decided.
 * @throws when it is not one of ours
 */
export function readJournal(staging: string): readonly Operation[] | undefined {
  const text = readTextIfExists(staged.journal(staging));
  if (text === undefined) return undefined;
  const { operations } = v.parse(JournalSchema, JSON.parse(text));
  refuseHostilePaths(operations.flatMap(({ path }) => path === "" ? [] : [path]), "the journal");
  return operations;
}

/** Whether a staging folder holds a change that was decided and is not yet finished or taken back. */
export function isDecided(staging: string): boolean {
  return exists(staged.journal(staging));
}
