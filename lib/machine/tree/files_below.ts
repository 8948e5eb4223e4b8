import { listIfExists, lstatIfExists } from "../files/files.ts";
import { hostilePathProblem } from "./hostile_path.ts";

/**
 * Paths of the regular files and links at a path and below it, relative to `top`, in order; links are not
 * followed. Nothing when nothing is there.
 * @param path relative to `top`; empty for all below it
 */
export function filesBelow(top: string, path: string): string[] {
  const found: string[] = [];
  for (const [at, info] of walkBelow(top, path)) {
    if (info?.isFile || info?.isSymlink) found.push(at);
  }
  return found;
}

/** Paths of files and links at a path and below it that a commit could have; see {@link filesBelow}. */
export function syncableBelow(top: string, path: string): string[] {
  return filesBelow(top, path).filter((file) => hostilePathProblem(file) === undefined);
}

/**
 * Something at a path or below it whose name is not UTF-8: the runtime can say that it is there, and do
 * nothing with it.
 * @returns its path as far as it can be shown; undefined when there is none
 */
export function namelessBelow(top: string, path: string): string | undefined {
  for (const [at, info] of walkBelow(top, path)) {
    if (info === undefined && at.includes("\ufffd")) return at;
  }
  return undefined;
}

function* walkBelow(
  top: string,
  path: string,
): Generator<readonly [path: string, info: Deno.FileInfo | undefined]> {
  // Not by recursion: folders in each other without end are an error of the system, no bug.
  const waiting = [path];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const host = at === "" ? top : `${top}/${at}`;
    const info = lstatIfExists(host);
    yield [at, info];
    if (!info?.isDirectory) continue;
    for (const name of listIfExists(host).reverse()) {
      waiting.push(at === "" ? name : `${at}/${name}`);
    }
  }
}
