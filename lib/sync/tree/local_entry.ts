import { isExecutable, kindOf, Mode } from "../../git/git_objects.ts";
import type { ManifestEntry } from "./manifest.ts";

/** What is at a path of the tree. */
export interface LocalEntry {
  readonly kind: "file" | "symlink" | "folder" | "other";
  /** The blob name of a file's or symlink's content. */
  readonly sha: string | undefined;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  /** For the index; undefined when it must be read again next time. */
  readonly figures: readonly number[] | undefined;
}

/** Permissions that a file or folder has in the tree. */
export function modeOf({ mode }: Pick<ManifestEntry, "mode">): number {
  return mode === Mode.Tree || isExecutable(mode) ? 0o755 : 0o644;
}

/** What a mode of Git is on disk; a submodule is nothing of ours. */
export function localKind(mode: number): LocalEntry["kind"] {
  const kind = kindOf(mode);
  return kind === "tree" ? "folder" : kind === "gitlink" ? "other" : kind;
}

/** What the index remembers of a file, in its order: size, mtime (ms), ctime (s), inode. */
export function figuresOf(info: Deno.FileInfo): readonly number[] {
  return [
    info.size,
    info.mtime?.getTime() ?? 0,
    // What is finer than seconds in it is not to be relied on.
    Math.floor((info.ctime?.getTime() ?? 0) / 1000),
    info.ino ?? 0,
  ];
}
