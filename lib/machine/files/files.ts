import { attempt } from "../attempt.ts";
import { inFolder, inFolderMeanwhile, LinkInTheWay, pin, pinFolder } from "./pinned.ts";
import { openOrMake, openRegular, readRegular } from "./regular_file.ts";
import { ToolError } from "../tool_error.ts";
import { shellWord } from "../shell_words.ts";

/** Mode and owner of a file that is written. The mode is set explicitly: umask is 077 everywhere. */
export interface FileMode {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

const COPY_CHUNK = 1024 * 1024;

/** Mode of the folders that lead to one that is made. */
const PARENT_MODE = 0o755;

/** What is at a path, without following a link in its last component; undefined for nothing. */
export function lstatIfExists(path: string): Deno.FileInfo | undefined {
  return ifExists(() => inFolder(path, Deno.lstatSync));
}

/** Whether anything is at a path, a link that leads nowhere, too. */
export function exists(path: string): boolean {
  return lstatIfExists(path) !== undefined;
}

/**
 * What a path that a person named leads to on the machine that this program runs on, links followed;
 * undefined where nothing can be seen. Only to look at: what is opened or changed is pinned.
 */
export function statIfSeen(path: string): Deno.FileInfo | undefined {
  return attempt(() => Deno.statSync(path));
}

/** {@link statIfSeen} for the path itself, without links. */
export function realPathIfSeen(path: string): string | undefined {
  return attempt(() => Deno.realPathSync(path));
}

/**
 * The text of a regular file, or undefined when there is none. Map the path first: no link is followed.
 * @throws ToolError exit 6 when a pipe, a folder or the like is there, or too much
 */
export function readTextIfExists(path: string): string | undefined {
  return ifExists(() => new TextDecoder().decode(readRegular(path)));
}

/** The bytes of a regular file as {@link readRegular} reads it; undefined when there is none. */
export function readIfExists(path: string, limit: number): Uint8Array | undefined {
  return ifExists(() => readRegular(path, limit));
}

/** The target of a symbolic link; undefined for anything else. */
export function readLinkIfExists(path: string): string | undefined {
  return lstatIfExists(path)?.isSymlink ? inFolder(path, Deno.readLinkSync) : undefined;
}

/** The names in a folder, sorted; empty when there is no such folder. */
export function listIfExists(path: string): string[] {
  return ifExists(() => {
    using folder = pinFolder(path);
    return [...Deno.readDirSync(folder.path)].map((entry) => entry.name).sort();
  }) ?? [];
}

/**
 * Writes a file so that after a crash either the old or the new content is there: temporary file in
 * the same folder, fsync, rename, fsync of the folder. A link at the path is replaced, not followed.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, mode: FileMode): void {
  putAtomic(path, (temporary) => {
    using file = Deno.openSync(temporary, { write: true, createNew: true, mode: 0o600 });
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    if (mode.uid !== undefined || mode.gid !== undefined) {
      Deno.chownSync(temporary, mode.uid ?? null, mode.gid ?? null);
    }
    Deno.chmodSync(temporary, mode.mode);
    file.syncSync();
  });
}

/** Makes a symbolic link, replacing what is at the path, in one step. */
export function linkAtomic(target: string, path: string): void {
  putAtomic(path, (temporary) => Deno.symlinkSync(target, temporary));
}

function putAtomic(path: string, make: (temporary: string) => void): void {
  inFolder(path, (name) => {
    const temporary = temporaryName(name);
    try {
      make(temporary);
      Deno.renameSync(temporary, name);
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
    syncNow(parentOf(name));
  });
}

/**
 * Makes sure that a folder is there. The one created gets `mode`, folders above it that were missing,
 * too, are for everyone to read (0755); existing ones keep their own.
 * @throws ToolError when something else is at the path
 */
export function ensureDirectory(path: string, mode: number): void {
  const info = lstatIfExists(path);
  if (info?.isDirectory) return;
  if (info !== undefined) {
    throw new ToolError(`${path} is not a folder`, {
      hint: `look at it: ls -ld ${shellWord(path)}`,
    });
  }
  ensureDirectory(parentOf(path), PARENT_MODE);
  try {
    makeFolder(path, mode);
  } catch (error) {
    // Another tool was quicker: one that waits for its confirmation holds no lock.
    if (error instanceof Deno.errors.AlreadyExists) return ensureDirectory(path, mode);
    throw error;
  }
  syncFolder(parentOf(path));
}

/** Makes a folder with exactly this mode, where nothing is yet. */
export function makeFolder(path: string, mode: number): void {
  inFolder(path, (name) => Deno.mkdirSync(name, { mode: 0o700 }));
  setMode(path, mode);
}

/** Makes an empty folder with a name of its own, for its owner only. */
export function makeTemporaryFolder(folder: string, prefix: string): string {
  const path = `${folder}/${prefix}${crypto.randomUUID().slice(0, 8)}`;
  makeFolder(path, 0o700);
  return path;
}

/** Copies a regular file of any size, with permissions and times, to where nothing is yet. */
export function copyFile(from: string, to: string): void {
  using input = openRegular(from);
  using output = openOrMake(to, { write: true }, 0o600);
  if (!output.isNew) throw new Deno.errors.AlreadyExists(`File exists: '${to}'`);
  const buffer = new Uint8Array(COPY_CHUNK);
  for (let count; (count = input.file.readSync(buffer)) !== null;) {
    for (let done = 0; done < count;) done += output.file.writeSync(buffer.subarray(done, count));
  }
  const { mode, atime, mtime } = input.info;
  setMode(to, (mode ?? 0) & 0o777);
  if (atime && mtime) output.file.utimeSync(atime, mtime);
}

/** Makes a symbolic link where nothing is yet. */
export function makeLink(target: string, path: string): void {
  inFolder(path, (name) => Deno.symlinkSync(target, name));
}

/** Gives a file a second name, where nothing is yet; of a link the link itself. */
export function makeHardLink(existing: string, path: string): void {
  inFolder(existing, (from) => inFolder(path, (to) => Deno.linkSync(from, to)));
}

/** Renames a file or folder, replacing a file that has the new name. */
export function rename(from: string, to: string): void {
  inFolder(from, (old) => inFolder(to, (fresh) => Deno.renameSync(old, fresh)));
}

/**
 * Gives a file or folder permissions and, where named, owners. It is what was found at the path, and
 * never what a link there leads to.
 * @throws ToolError when a link is there
 */
export function setMode(path: string, mode: number, uid?: number, gid?: number): void {
  using pinned = pin(path);
  if (pinned.info().isSymlink) throw new LinkInTheWay(path);
  if (uid !== undefined || gid !== undefined) Deno.chownSync(pinned.path, uid ?? null, gid ?? null);
  Deno.chmodSync(pinned.path, mode);
}

/** Removes a file, a link itself, or an empty folder. */
export function remove(path: string): void {
  inFolder(path, (name) => Deno.removeSync(name));
}

/** Removes a file, link or folder tree, if it is there. Links are removed, never followed. */
export function removeIfExists(path: string): void {
  ifExists(() => inFolder(path, (name) => Deno.removeSync(name, { recursive: true })));
}

/** {@link removeIfExists} of many at the same time, which disks like. */
export async function removeAll(paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map((path) =>
      inFolderMeanwhile(path, (name) => Deno.remove(name, { recursive: true })).catch((error) => {
        if (!isAbsent(error)) throw error;
      })
    ),
  );
}

/** Makes renames and new names in a folder survive a power cut (fsync(2) on the directory). */
export function syncFolder(path: string): void {
  using folder = pinFolder(path);
  syncNow(folder.path);
}

/** A path that a person names: from the working directory when it does not begin at `/`. */
export function absolutePath(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd().replace(/\/$/, "")}/${path}`;
}

/** The folder that holds a path. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The path itself or, where something is there, the first of PATH~2, PATH~3 … that is free. */
export function freeName(path: string): string {
  let name = path;
  for (let n = 2; exists(name); n++) name = `${path}~${n}`;
  return name;
}

/** A name beside the path that no other writer uses; starts with a dot so that listings skip it. */
export function temporaryName(path: string): string {
  return `${parentOf(path)}/${temporaryPrefix(path)}${crypto.randomUUID().slice(0, 8)}.tmp`
    .replace("//", "/");
}

/**
 * Removes what a writer of this path that was killed left beside it. For who knows that no other writes
 * there now: who holds the machine's lock.
 */
export function removeTemporaries(path: string): void {
  for (const temporary of temporariesOf(path)) removeIfExists(temporary);
}

/** What writers of this path are using, or have left. */
export function temporariesOf(path: string): string[] {
  const prefix = temporaryPrefix(path);
  return listIfExists(parentOf(path))
    .filter((name) => name.startsWith(prefix) && TEMPORARY.test(name.slice(prefix.length)))
    .map((name) => `${parentOf(path)}/${name}`);
}

const TEMPORARY = /^[0-9a-f]{8}\.tmp$/;

/** A name is at most 255 bytes, and a UTF-16 unit at most three of them. */
function temporaryPrefix(path: string): string {
  return `.${path.slice(path.lastIndexOf("/") + 1).slice(0, 75)}.`;
}

/** Whether an error says that there is nothing at a path; links that lead in a circle lead to nothing. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop;
}

/** What a look finds; undefined where there is nothing, by {@link isAbsent}. */
export function ifExists<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function removeQuietly(path: string): void {
  ifExists(() => Deno.removeSync(path));
}

/** Of a folder that is pinned already. */
function syncNow(path: string): void {
  using folder = Deno.openSync(path, { read: true });
  folder.syncSync();
}
