import { listIfExists, lstatIfExists } from "../files/files.ts";
import { hostilePathProblem } from "./hostile_path.ts";

/**
 * Paths of the regular files and links at a path and below it, relative to `top`, in order; links are not
 * followed. Nothing when nothing is there.
 * @param path relative to `top`; empty for all below it
 */
export function filesBelow(top: string, path: string): string[] {
  const found: string[] = [];
  // Not by recursion: folders in each other without end are an error of the system, no bug.
  const waiting = [path];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const host = at === "" ? top : `${top}/${at}`;
    const info = lstatIfExists(host);
    if (info?.isFile || info?.isSymlink) found.push(at);
    if (!info?.isDirectory) continue;
    for (const name of listIfExists(host).reverse()) {
      waiting.push(at === "" ? name : `${at}/${name}`);
    }
  }
  return found;
}

/** Paths of files and links at a path and below it that a commit could have; see {@link filesBelow}. */
export function syncableBelow(top: string, path: string): string[] {
  return filesBelow(top, path).filter((file) => hostilePathProblem(file) === undefined);
}
