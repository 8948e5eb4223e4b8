import { parentOf } from "./files.ts";

/**
 * What speaks against using a file or folder as root: who else could have written it. Undefined when
 * only the trusted could.
 * @param mayWrite whether a user id may own it
 * @returns to follow the path in a sentence: `can be written by everyone`
 */
export function foreignWriter(
  info: Deno.FileInfo,
  mayWrite: (uid: number) => boolean,
): string | undefined {
  if (info.uid !== null && !mayWrite(info.uid)) {
    return `belongs to user ${info.uid}, who is neither root nor you`;
  }
  return ((info.mode ?? 0) & 0o002) !== 0 ? "can be written by everyone" : undefined;
}

/**
 * The first folder above a path that everyone can write: whoever renames what is in it can put
 * something else in the path's place. A sticky folder such as /tmp does not allow that.
 */
export function openFolderAbove(path: string): string | undefined {
  for (let parent = parentOf(path);; parent = parentOf(parent)) {
    const mode = Deno.statSync(parent).mode ?? 0;
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) return parent;
    if (parent === "/") return undefined;
  }
}
