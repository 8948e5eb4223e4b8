import { AT_FDCWD, cString, libc } from "../files/libc.ts";
import { inFolder } from "../files/pinned.ts";

/** RENAME_NOREPLACE and RENAME_EXCHANGE of rename(2). */
const NO_REPLACE = 1;
const EXCHANGE = 2;

/**
 * Exchanges two names in one step (rename(2), RENAME_EXCHANGE): nobody finds nothing there meanwhile, and
 * what was there, whatever it is by then, is not lost.
 * @returns false when nothing was done: the file system, the C library or a missing file do not allow it
 */
export function exchange(a: string, b: string): boolean {
  return rename(a, b, EXCHANGE);
}

/**
 * Gives a file or folder a name that nothing has (rename(2), RENAME_NOREPLACE).
 * @returns false when nothing was done, as for {@link exchange}, or because something has it
 */
export function renameToFree(from: string, to: string): boolean {
  return rename(from, to, NO_REPLACE);
}

/** Without glibc of 2.28 or later the ordinary calls have to do. */
function rename(from: string, to: string, flags: number): boolean {
  const call = libc().renameat2;
  if (!call) return false;
  return inFolder(
    from,
    (old) =>
      inFolder(to, (fresh) => call(AT_FDCWD, cString(old), AT_FDCWD, cString(fresh), flags) === 0),
  );
}
