import { listIfExists, lstatIfExists } from "../files/files.ts";

/**
 * Paths of the regular files and links at a path and below it, relative to `top`, in order; links are not
 * followed. Nothing when nothing is there.
 * @param path relative to `top`; empty for all below it
 */
export function filesBelow(top: string, path: string): string[] {
  const host = path === "" ? top : `${top}/${path}`;
  const info = lstatIfExists(host);
  if (info === undefined) return [];
  if (info.isFile || info.isSymlink) return [path];
  if (!info.isDirectory) return [];
  const names = listIfExists(host);
  return names.flatMap((name) => filesBelow(top, path === "" ? name : `${path}/${name}`));
}
