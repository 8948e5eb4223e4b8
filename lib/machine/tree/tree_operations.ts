import { exchange, renameToFree } from "./exchange.ts";
import { type FileIdentity, identityOf, isStill } from "./file_identity.ts";
import {
  ensureDirectory,
  exists,
  freeName,
  listIfExists,
  lstatIfExists,
  makeFolder,
  makeHardLink,
  parentOf,
  remove,
  rename,
  setMode,
} from "../files/files.ts";
import { forgetFolders, pinningOnce } from "../files/pinned.ts";
import { filesBelow } from "./files_below.ts";
import { type Operation, staged } from "./tree_journal.ts";

/**
 * Does all operations, in order; those that were done before are left as they are. What is replaced is
 * looked at once more: an edit that was made since it was compared is kept (`staged.kept`).
 * @returns paths that were not removed, because they are edits now
 */
export function doOperations(
  tree: string,
  staging: string,
  operations: readonly Operation[],
  onDone: (count: number) => void = () => {},
): string[] {
  const left = new Set<string>();
  pinningOnce(() => {
    operations.forEach((operation, index) => {
      const isDone = doOperation(operation, placesOf(tree, staging, operation.path));
      if (!isDone) left.add(operation.path);
      onDone(index + 1);
    });
    for (const operation of operations) {
      if (!left.has(operation.path)) keepLateEdits(operation, tree, staging);
    }
  });
  return [...left];
}

/**
 * Takes back what {@link doOperations} did, also when it stopped half-way: afterwards the tree is what
 * it was, edits made meanwhile included. The staged files are back too, so that doing the operations again
 * would still work.
 */
export function undoOperations(
  tree: string,
  staging: string,
  operations: readonly Operation[],
): void {
  const journal = lstatIfExists(staged.journal(staging));
  const decided = journal?.mtime?.getTime() ?? Infinity;
  for (const operation of operations.toReversed()) {
    undoOperation(operation, placesOf(tree, staging, operation.path), decided);
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
  readonly kept: string;
}

function placesOf(tree: string, staging: string, path: string): Places {
  const tail = path === "" ? "" : `/${path}`;
  return {
    there: tree + tail,
    new: staged.new(staging) + tail,
    previous: staged.previousTree(staging) + tail,
    kept: staged.keptTree(staging) + tail,
  };
}

/** Returns false when what was to be removed is an edit now, and stays. */
function doOperation(operation: Operation, places: Places): boolean {
  const { there, previous } = places;
  switch (operation.do) {
    case "aside":
      // Both are there when an attempt to take it back stopped half-way.
      if (sameFile(there, previous)) remove(there);
      else if (exists(there) && !exists(previous)) rename(there, previous);
      forgetFolders();
      return true;
    case "remove":
      return removeKnown(operation.was, places);
    case "put":
      put(operation.was ?? wasThere(operation.fresh, previous), operation.fresh, places);
      return true;
    case "mode":
      permit(there, operation.mode);
      return true;
    case "prune":
      if (!isEmptyFolder(there)) return true;
      forgetFolders();
      remove(there);
      return true;
  }
}

/** Removes the file that the previous tree has a link of, unless it was changed. */
function removeKnown(was: FileIdentity | undefined, { there, previous }: Places): boolean {
  const found = lstatIfExists(there);
  if (found === undefined) return true;
  const isKnown = isSame(found, lstatIfExists(previous)) &&
    (was === undefined || isStill(found, was));
  if (isKnown) remove(there);
  return isKnown;
}

/** What a journal of an earlier version does not say: what the previous tree has a link of. */
function wasThere(fresh: FileIdentity | undefined, previous: string): FileIdentity | undefined {
  const info = fresh === undefined ? lstatIfExists(previous) : undefined;
  return info && !info.isDirectory ? identityOf(info) : undefined;
}

function put(was: FileIdentity | undefined, fresh: FileIdentity | undefined, places: Places): void {
  const { there, new: from, kept } = places;
  const staged = lstatIfExists(from);
  if (staged === undefined) return;
  // It was interrupted after the exchange.
  if (fresh && staged.ino !== fresh.inode) return settleExchanged(was, places);
  if (staged.isDirectory) forgetFolders();
  // Where nothing was, nothing is, as a rule.
  if (was === undefined && renameToFree(from, there)) return;
  for (;;) {
    const found = lstatIfExists(there);
    if (found === undefined) {
      if (renameToFree(from, there)) return;
      // Where that cannot be asked for, or something is there now.
      if (!exists(there)) return rename(from, there);
    } else if (fresh && exchange(from, there)) {
      return settleExchanged(was, places);
    } else if (was && isStill(found, was)) {
      return rename(from, there);
    } else keep(there, kept);
  }
}

/** What was there is in the staged file's place now. */
function settleExchanged(was: FileIdentity | undefined, places: Places): void {
  const { new: found, previous, kept } = places;
  const info = lstatIfExists(found);
  const isExpected = was && isStill(info, was) && isSame(info, lstatIfExists(previous));
  if (isExpected) remove(found);
  else keep(found, kept);
}

/** Edits through whatever had the file open, and those in a folder that was moved aside as a whole. */
function keepLateEdits(operation: Operation, tree: string, staging: string): void {
  const { do: what, path } = operation;
  if (what === "mode" || what === "prune") return;
  const { previous, kept } = placesOf(tree, staging, path);
  if (what !== "aside") {
    const info = operation.was && lstatIfExists(previous);
    if (info && !isStill(info, operation.was!)) keepLink(previous, kept);
    return;
  }
  if (operation.below === undefined) return;
  const known = new Map(operation.below.map(({ path, ...identity }) => [path, identity]));
  const top = staged.previousTree(staging);
  for (const file of filesBelow(top, path)) {
    const was = known.get(file);
    if (was && isStill(lstatIfExists(`${top}/${file}`), was)) continue;
    keepLink(`${top}/${file}`, `${staged.keptTree(staging)}/${file}`);
  }
}

function undoOperation(operation: Operation, places: Places, decided: number): void {
  const { there, previous, kept } = places;
  switch (operation.do) {
    case "aside":
      if (!exists(previous)) return;
      // Undoing a put has made a link of it already.
      if (sameFile(there, previous)) return remove(previous);
      if (exists(there)) keep(there, kept);
      rename(previous, there);
      return;
    case "remove":
      if (!exists(there) && exists(previous)) makeHardLink(previous, there);
      return;
    case "put":
      return takeBack(operation, places, decided);
    case "mode":
      if (exists(there)) setMode(there, operation.before);
      return;
    case "prune":
      if (!exists(there)) {
        makeFolder(there, 0o755);
      }
  }
}

function takeBack(
  { was, fresh }: Extract<Operation, { do: "put" }>,
  places: Places,
  decided: number,
): void {
  const { there, new: from, previous, kept } = places;
  const staged = lstatIfExists(from);
  if (fresh && staged && staged.ino !== fresh.inode) settleExchanged(was, places);
  let edits: string[] = [];
  if (!exists(from) && exists(there)) {
    rename(there, from);
    edits = editsOf(from, decided);
  }
  if (!exists(there)) {
    if (exists(kept)) rename(kept, there);
    else if (lstatIfExists(previous)?.isDirectory === false) makeHardLink(previous, there);
  }
  for (const edit of edits) keepLink(edit, kept + edit.slice(from.length));
}

/** Files that were changed after they were put: what was staged was on disk before it was decided. */
function editsOf(path: string, decided: number): string[] {
  const isEdit = (file: string) => (lstatIfExists(file)?.mtime?.getTime() ?? 0) > decided;
  if (lstatIfExists(path)?.isDirectory !== true) return isEdit(path) ? [path] : [];
  return filesBelow(path, "").map((file) => `${path}/${file}`).filter(isEdit);
}

/** Moves an edit to where it is kept. */
function keep(path: string, kept: string): void {
  rename(path, freeAbove(kept));
  forgetFolders();
}

/** Keeps an edit, which stays where it is as well. */
function keepLink(path: string, kept: string): void {
  if (!sameFile(path, kept)) makeHardLink(path, freeAbove(kept));
}

function freeAbove(path: string): string {
  ensureDirectory(parentOf(path), 0o755);
  return freeName(path);
}

function permit(path: string, mode: number): void {
  const info = lstatIfExists(path);
  if (info === undefined || info.isSymlink) return;
  const foreign = Deno.uid() === 0 && (info.uid !== 0 || info.gid !== 0);
  if (foreign) setMode(path, mode, 0, 0);
  else setMode(path, mode);
}

function sameFile(a: string, b: string): boolean {
  return isSame(lstatIfExists(a), lstatIfExists(b));
}

function isSame(first: Deno.FileInfo | undefined, second: Deno.FileInfo | undefined): boolean {
  return first !== undefined && second !== undefined && first.ino === second.ino &&
    first.dev === second.dev;
}

function isEmptyFolder(path: string): boolean {
  return lstatIfExists(path)?.isDirectory === true && listIfExists(path).length === 0;
}
