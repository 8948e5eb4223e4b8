import * as v from "valibot";
import { listIfExists, lstatIfExists, parentOf, removeIfExists, syncFolder } from "./files.ts";
import { refuseHostilePaths } from "./hostile_path.ts";

/**
 * One step of a change, on a path relative to the tree. Each can be done again after it was done.
 * - `aside`: what is there (a folder, a link in a folder's place) moves to the previous tree.
 * - `remove`: the file, of which the previous tree has a hard link, is removed.
 * - `put`: the staged file, link or whole new folder takes its place.
 * - `mode`: permissions are set, and root becomes the owner.
 * - `prune`: the folder is removed if nothing is left in it.
 */
const OperationSchema = v.variant("do", [
  v.object({ do: v.picklist(["aside", "remove", "put", "prune"]), path: v.string() }),
  v.object({ do: v.literal("mode"), path: v.string(), mode: v.number(), before: v.number() }),
]);
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
    Deno.renameSync(staged.draft(staging), staged.journal(staging));
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
  if (!isDecided(staging)) return undefined;
  const text = Deno.readTextFileSync(staged.journal(staging));
  const { operations } = v.parse(JournalSchema, JSON.parse(text));
  refuseHostilePaths(operations.flatMap(({ path }) => path === "" ? [] : [path]), "the journal");
  return operations;
}

/** Whether a staging folder holds a change that was decided and is not yet finished or taken back. */
export function isDecided(staging: string): boolean {
  return lstatIfExists(staged.journal(staging)) !== undefined;
}

/** Does all operations, in order; those that were done before are left as they are. */
export function doOperations(
  tree: string,
  staging: string,
  operations: readonly Operation[],
  onDone: (count: number) => void = () => {},
): void {
  operations.forEach((operation, index) => {
    doOperation(operation, placesOf(tree, staging, operation.path));
    onDone(index + 1);
  });
}

/**
 * Takes back what {@link doOperations} did, also when it stopped half-way: afterwards the tree is what
 * it was. The staged files are back too, so that doing the operations again would still work.
 */
export function undoOperations(
  tree: string,
  staging: string,
  operations: readonly Operation[],
): void {
  for (const operation of operations.toReversed()) {
    undoOperation(operation, placesOf(tree, staging, operation.path));
  }
}

/** The folders whose names a change touches, which must be on disk before it is called done. */
export function touchedFolders(tree: string, operations: readonly Operation[]): string[] {
  const folders = operations.map(({ path }) => parentOf(path === "" ? tree : `${tree}/${path}`));
  return [...new Set(folders)].filter((folder) => lstatIfExists(folder)?.isDirectory);
}

interface Places {
  readonly there: string;
  readonly new: string;
  readonly previous: string;
}

function placesOf(tree: string, staging: string, path: string): Places {
  const tail = path === "" ? "" : `/${path}`;
  return {
    there: tree + tail,
    new: staged.new(staging) + tail,
    previous: staged.previousTree(staging) + tail,
  };
}

function doOperation(operation: Operation, { there, new: fresh, previous }: Places): void {
  switch (operation.do) {
    case "aside":
      // Both are there when an attempt to take it back stopped half-way.
      if (sameFile(there, previous)) Deno.removeSync(there);
      else if (exists(there) && !exists(previous)) Deno.renameSync(there, previous);
      return;
    case "remove":
      if (sameFile(there, previous)) Deno.removeSync(there);
      return;
    case "put":
      if (exists(fresh)) Deno.renameSync(fresh, there);
      return;
    case "mode":
      setMode(there, operation.mode);
      return;
    case "prune":
      if (isEmptyFolder(there)) Deno.removeSync(there);
  }
}

function undoOperation(operation: Operation, { there, new: fresh, previous }: Places): void {
  switch (operation.do) {
    case "aside":
      if (exists(previous)) Deno.renameSync(previous, there);
      return;
    case "remove":
      if (!exists(there) && exists(previous)) Deno.linkSync(previous, there);
      return;
    case "put":
      if (!exists(fresh) && exists(there)) Deno.renameSync(there, fresh);
      if (!exists(there) && lstatIfExists(previous)?.isDirectory === false) {
        Deno.linkSync(previous, there);
      }
      return;
    case "mode":
      if (exists(there)) Deno.chmodSync(there, operation.before);
      return;
    case "prune":
      if (!exists(there)) {
        Deno.mkdirSync(there);
        Deno.chmodSync(there, 0o755);
      }
  }
}

function setMode(path: string, mode: number): void {
  const info = lstatIfExists(path);
  if (info === undefined || info.isSymlink) return;
  if (Deno.uid() === 0 && (info.uid !== 0 || info.gid !== 0)) Deno.chownSync(path, 0, 0);
  Deno.chmodSync(path, mode);
}

function exists(path: string): boolean {
  return lstatIfExists(path) !== undefined;
}

function sameFile(a: string, b: string): boolean {
  const [first, second] = [lstatIfExists(a), lstatIfExists(b)];
  return first !== undefined && second !== undefined && first.ino === second.ino &&
    first.dev === second.dev;
}

function isEmptyFolder(path: string): boolean {
  return lstatIfExists(path)?.isDirectory === true && listIfExists(path).length === 0;
}
