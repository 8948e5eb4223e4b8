import { isAbsent } from "../files/files.ts";
import { FileSystemSync } from "../files/file_system_sync.ts";
import { pin } from "../files/pinned.ts";

/**
 * Up to so many paths are synced one by one. Above, it is quicker to sync their file system; but that
 * waits for everything that is to be written to it, and on a host of virtual machines that is a lot.
 */
const MANY = 400;
/** Files open at once. */
const AT_ONCE = 50;

/**
 * Brings files, and the names in folders, to the disk (fsync(2)), many at once so that they share the
 * file system's commits; very many by syncing their file system, through syncfs(2).
 * @param paths host paths on one file system; links and what is not there any more are skipped
 * @param begun of that file system, where syncing began earlier
 */
export async function syncToDisk(
  paths: readonly string[],
  begun?: FileSystemSync,
): Promise<void> {
  if (paths.length > MANY) {
    if (begun ? await begun.finish() : await syncFileSystem(paths[0]!)) return;
  }
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    await Promise.all(paths.slice(at, at + AT_ONCE).map(syncPath));
  }
}

async function syncPath(path: string): Promise<void> {
  try {
    using pinned = pin(path);
    const info = pinned.info();
    if (!info.isFile && !info.isDirectory) return;
    using file = Deno.openSync(pinned.path, { read: true });
    await file.sync();
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

async function syncFileSystem(path: string): Promise<boolean> {
  await using begun = FileSystemSync.open(path);
  return await begun?.finish() ?? false;
}
