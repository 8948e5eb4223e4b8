import { ensureDirectory, lstatIfExists, setMode } from "../machine/files/files.ts";
import { pin } from "../machine/files/pinned.ts";
import type { Context } from "../machine/context.ts";
import type { Change } from "./check.ts";

/** Bits of the mode that let others than the owner write. */
export const WRITABLE_BY_OTHERS = 0o022;

/** What is wrong with the owner or mode of something root alone should change. */
export interface OwnershipProblem {
  /** To follow the path in a sentence: `belongs to user 1000`. */
  readonly what: string;
  /** Whether others than root can change it now. */
  readonly open: boolean;
}

/** Compares owner and permission bits with what they should be; undefined when nothing is wrong. */
export function ownershipProblem(
  info: Deno.FileInfo,
  wanted: number,
): OwnershipProblem | undefined {
  if (info.uid !== 0) return { what: `belongs to user ${info.uid}, not to root`, open: true };
  const mode = permissions(info);
  if (mode === wanted) return undefined;
  const open = (mode & WRITABLE_BY_OTHERS & ~wanted) !== 0;
  return {
    what: open ? `can be written by others (${octal(mode)})` : `has mode ${octal(mode)}`,
    open,
  };
}

/** Makes root the owner of a folder and sets its mode, where they differ; a missing one is made. */
export function setOwnership(ctx: Context, path: string, wanted: number): Change[] {
  const host = ctx.root.follow(path);
  const info = lstatIfExists(host);
  if (info === undefined) {
    ensureDirectory(host, wanted);
    return [{ what: host, before: "missing", after: `made, ${octal(wanted)} of root` }];
  }
  if (!info.isDirectory || ownershipProblem(info, wanted) === undefined) return [];
  const before = `${octal(permissions(info))} of user ${info.uid}`;
  if (info.uid !== 0) setMode(host, wanted, 0, 0);
  else setMode(host, wanted);
  return [{ what: host, before, after: `${octal(wanted)} of root` }];
}

/**
 * Takes permissions away from what is at a path, and gives none. What is changed is what was opened and
 * looked at: a link there, or something of another user, is left alone, whoever puts it there meanwhile.
 * @param host host path
 * @param atMost the bits that may stay
 * @param uid whose it must be
 * @returns what was changed
 */
export function restrict(host: string, atMost: number, uid: number): Change[] {
  using pinned = pin(host);
  const info = pinned.info();
  const before = permissions(info);
  const after = before & atMost;
  if (before === after || info.uid !== uid) return [];
  if (!info.isFile && !info.isDirectory) return [];
  Deno.chmodSync(pinned.path, after);
  return [{ what: host, before: octal(before), after: octal(after) }];
}

/** The permission bits of a file. */
export function permissions(info: Deno.FileInfo): number {
  return (info.mode ?? 0) & 0o7777;
}

/** `0755` */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
