import { ToolError } from "./tool_error.ts";

/** Mode and owner of a file that is written. The mode is set explicitly: umask is 077 everywhere. */
export interface FileMode {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** What is at a path, without following a link in its last component; undefined for nothing. */
export function lstatIfExists(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The text of a file, or undefined when there is none. Follows links: map the path first. */
export function readTextIfExists(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The target of a symbolic link; undefined for anything else. */
export function readLinkIfExists(path: string): string | undefined {
  return lstatIfExists(path)?.isSymlink ? Deno.readLinkSync(path) : undefined;
}

/** The names in a folder, sorted; empty when there is no such folder. */
export function listIfExists(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/**
 * Writes a file so that after a crash either the old or the new content is there: temporary file in
 * the same folder, fsync, rename, fsync of the folder. A link at the path is replaced, not followed.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, mode: FileMode): void {
  const temporary = temporaryName(path);
  try {
    using file = Deno.openSync(temporary, { write: true, createNew: true, mode: 0o600 });
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    if (mode.uid !== undefined || mode.gid !== undefined) {
      Deno.chownSync(temporary, mode.uid ?? null, mode.gid ?? null);
    }
    Deno.chmodSync(temporary, mode.mode);
    file.syncSync();
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeIfExists(temporary);
    throw error;
  }
  syncFolder(parentOf(path));
}

/** Makes a symbolic link, replacing what is at the path, in one step. */
export function linkAtomic(target: string, path: string): void {
  const temporary = temporaryName(path);
  Deno.symlinkSync(target, temporary);
  try {
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeIfExists(temporary);
    throw error;
  }
  syncFolder(parentOf(path));
}

/**
 * Makes sure that a folder is there. The ones created get `mode`; an existing one keeps its own.
 * @throws ToolError when something else is at the path
 */
export function ensureDirectory(path: string, mode: number): void {
  const info = lstatIfExists(path);
  if (info?.isDirectory) return;
  if (info !== undefined) {
    throw new ToolError(`${path} is not a folder`, { hint: `look at it: ls -ld ${path}` });
  }
  ensureDirectory(parentOf(path), mode);
  Deno.mkdirSync(path);
  Deno.chmodSync(path, mode);
  syncFolder(parentOf(path));
}

/** Removes a file, link or folder tree, if it is there. Links are removed, never followed. */
export function removeIfExists(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Makes renames and new names in a folder survive a power cut (fsync(2) on the directory). */
export function syncFolder(path: string): void {
  using folder = Deno.openSync(path, { read: true });
  folder.syncSync();
}

/** The folder that holds a path. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
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
  const prefix = temporaryPrefix(path);
  for (const name of listIfExists(parentOf(path))) {
    const rest = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    if (/^[0-9a-f]{8}\.tmp$/.test(rest)) removeIfExists(`${parentOf(path)}/${name}`);
  }
}

/** A name is at most 255 bytes, and a UTF-16 unit at most three of them. */
function temporaryPrefix(path: string): string {
  return `.${path.slice(path.lastIndexOf("/") + 1).slice(0, 75)}.`;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
