/**
 * Snapshots of file trees and their readable difference, for "nothing was changed" and
 * "byte-identical after undo".
 */
import { createHash } from "node:crypto";

/** What a snapshot knows of one path. */
export interface TreeEntry {
  readonly type: "file" | "folder" | "link" | "special";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The target of a link. */
  readonly target?: string;
  readonly sha256?: string;
  /** Milliseconds since the epoch; only with `times`, and not of folders. */
  readonly mtime?: number;
}

/** Entries by path relative to the root, without a leading slash; the root itself is `.`. */
export type TreeSnapshot = ReadonlyMap<string, TreeEntry>;

export interface SnapshotOptions {
  /** Paths left out, with all that is below them; tested against paths such as `etc/passwd`. */
  readonly ignore?: readonly RegExp[];
  /** Also modification times of what is not a folder. */
  readonly times?: boolean;
}

/** Reads a whole tree without following links. */
export function snapshotTree(root: string, options: SnapshotOptions = {}): TreeSnapshot {
  const tree = new Map<string, TreeEntry>();
  const visit = (path: string): void => {
    if (options.ignore?.some((pattern) => pattern.test(path))) return;
    const host = path === "." ? root : `${root}/${path}`;
    const entry = entryOf(host, options.times ?? false);
    tree.set(path, entry);
    if (entry.type !== "folder") return;
    const names = [...Deno.readDirSync(host)].map((child) => child.name).sort();
    for (const name of names) visit(path === "." ? name : `${path}/${name}`);
  };
  visit(".");
  return tree;
}

/** One line per difference (`+ etc/x`, `- etc/y`, `~ etc/z: mode 644 -> 600`); empty when equal. */
export function diffTrees(before: TreeSnapshot, after: TreeSnapshot): string {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === undefined) return [`+ ${path} (${now?.type})`];
    if (now === undefined) return [`- ${path} (${old.type})`];
    const changes = describeChanges(old, now);
    return changes.length === 0 ? [] : [`~ ${path}: ${changes.join(", ")}`];
  }).join("\n");
}

/** @throws Error listing the differences, when there are any */
export function assertSameTree(
  before: TreeSnapshot,
  after: TreeSnapshot,
  what = "the tree changed",
): void {
  const differences = diffTrees(before, after);
  if (differences !== "") throw new Error(`${what}:\n${differences}`);
}

function entryOf(host: string, times: boolean): TreeEntry {
  const info = Deno.lstatSync(host);
  const type = info.isSymlink
    ? "link"
    : info.isDirectory
    ? "folder"
    : info.isFile
    ? "file"
    : "special";
  return {
    type,
    mode: (info.mode ?? 0) & 0o7777,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    ...(type === "link" ? { target: Deno.readLinkSync(host) } : {}),
    ...(type === "file"
      ? { sha256: createHash("sha256").update(Deno.readFileSync(host)).digest("hex") }
      : {}),
    ...(times && type !== "folder" ? { mtime: info.mtime?.getTime() ?? 0 } : {}),
  };
}

function describeChanges(old: TreeEntry, now: TreeEntry): string[] {
  const changes: string[] = [];
  if (old.type !== now.type) changes.push(`${old.type} -> ${now.type}`);
  // The mode of a link means nothing (symlink(7)).
  if (old.mode !== now.mode && now.type !== "link") {
    changes.push(`mode ${old.mode.toString(8)} -> ${now.mode.toString(8)}`);
  }
  if (old.uid !== now.uid) changes.push(`uid ${old.uid} -> ${now.uid}`);
  if (old.gid !== now.gid) changes.push(`gid ${old.gid} -> ${now.gid}`);
  if (old.target !== now.target) changes.push(`target ${old.target} -> ${now.target}`);
  if (old.sha256 !== now.sha256) changes.push("content");
  if (old.mtime !== now.mtime) changes.push("modification time");
  return changes;
}
