import { LIBC } from "./folder_calls.ts";

/** AT_FDCWD of openat(2); RENAME_NOREPLACE and RENAME_EXCHANGE of rename(2). */
const HERE = -100;
const NO_REPLACE = 1;
const EXCHANGE = 2;

type Rename = (from: string, to: string, flags: number) => boolean;
let call: Rename | null | undefined;

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

function rename(from: string, to: string, flags: number): boolean {
  call ??= load();
  return call !== null && call(from, to, flags);
}

function load(): Rename | null {
  try {
    const { symbols } = Deno.dlopen(LIBC, {
      renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
    });
    const name = (path: string) => new TextEncoder().encode(path + "\0");
    return (from, to, flags) => symbols.renameat2(HERE, name(from), HERE, name(to), flags) === 0;
  } catch {
    // No glibc of 2.28 or later: the ordinary calls have to do.
    return null;
  }
}
