/** What a folder holds, for "nothing changed" and "byte for byte as before". */
import { createHash } from "node:crypto";

/** One line for each path, relative to the folder's top. */
export type TreeSnapshot = ReadonlyMap<string, string>;

/** What of a folder is looked at. */
export interface SnapshotOptions {
  /** Relative paths that are left out, with what they hold. */
  readonly ignore?: readonly RegExp[];
  /** Also modification times of files, in whole seconds. */
  readonly times?: boolean;
}

/** Kind, mode, owner, content or target of everything in a folder, without following links. */
export function snapshotTree(root: string, options: SnapshotOptions = {}): TreeSnapshot {
  const lines = new Map<string, string>();
  const visit = (folder: string) => {
    const names = [...Deno.readDirSync(`${root}/${folder}`)].map((entry) => entry.name).sort();
    for (const name of names) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (options.ignore?.some((pattern) => pattern.test(path))) continue;
      const info = Deno.lstatSync(`${root}/${path}`);
      lines.set(path, describe(`${root}/${path}`, info, options.times ?? false));
      if (info.isDirectory) visit(path);
    }
  };
  visit("");
  return lines;
}

/** The differences, a line each (`- ` before, `+ ` after); empty when there is none. */
export function diffTrees(before: TreeSnapshot, after: TreeSnapshot): string {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) return [];
    return [
      ...(old === undefined ? [] : [`- ${path}: ${old}`]),
      ...(now === undefined ? [] : [`+ ${path}: ${now}`]),
    ];
  }).join("\n");
}

function describe(path: string, info: Deno.FileInfo, times: boolean): string {
  const owner = `${info.uid}:${info.gid}`;
  if (info.isSymlink) return `link to ${Deno.readLinkSync(path)}, ${owner}`;
  const mode = ((info.mode ?? 0) & 0o7777).toString(8);
  if (info.isDirectory) return `folder ${mode} ${owner}`;
  if (!info.isFile) return `special ${mode} ${owner}`;
  const content = createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
  const time = times ? ` at ${Math.floor((info.mtime?.getTime() ?? 0) / 1000)}` : "";
  return `file ${mode} ${owner} ${info.size} bytes ${content.slice(0, 16)}${time}`;
}
