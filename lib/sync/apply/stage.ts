import { beyondBound, Bounds } from "../../git/bounds.ts";
import { kindOf } from "../../git/git_objects.ts";
import { lstatIfExists, makeHardLink, parentOf } from "../../machine/files/files.ts";
import { pinningOnce } from "../../machine/files/pinned.ts";
import { hostilePathError } from "../../machine/tree/hostile_path.ts";
import { staged as places } from "../../machine/tree/tree_journal.ts";
import { DiskRoom } from "./disk_room.ts";
import { FolderMaker } from "./folder_maker.ts";
import type { ManifestEntry } from "../tree/manifest.ts";
import { modeOf } from "../tree/local_entry.ts";

/** Where the contents of staged files come from. */
export interface Contents {
  /** Verified content. */
  readonly of: (entry: ManifestEntry) => Uint8Array;
  /** Its length, where that is known: what will be written is counted before. */
  readonly size?: (entry: ManifestEntry) => number;
  /** Puts the content there with its permissions, if it is in a file of its own that nobody else needs. */
  readonly moveTo?: (entry: ManifestEntry, path: string) => boolean;
  /** The folders of staged files that are made already. */
  readonly folders?: FolderMaker | undefined;
}

/**
 * Writes new files and links into a staging folder, at their final relative paths and with their final
 * permissions.
 * @returns the host paths of all files and folders written
 */
export function stageFiles(
  staging: string,
  entries: readonly ManifestEntry[],
  contents: Contents,
  progress: (done: number) => void,
): string[] {
  const top = places.new(staging);
  const folders = contents.folders ?? new FolderMaker(top, 0o755);
  const written: string[] = [];
  refuseFlood(staging, entries, contents);
  entries.forEach((entry, index) => {
    const path = `${top}/${entry.path}`;
    folders.make(parentOf(path));
    if (kindOf(entry.mode) === "symlink") {
      Deno.symlinkSync(linkTarget(entry.path, contents.of(entry)), path);
    } else {
      if (!contents.moveTo?.(entry, path)) {
        const options = { createNew: true, mode: modeOf(entry) };
        Deno.writeFileSync(path, contents.of(entry), options);
      }
      written.push(path);
    }
    progress(index + 1);
  });
  return [...folders.made, ...written];
}

/** A content of its own is bounded where it arrives; here it is counted as often as it will be written. */
function refuseFlood(
  staging: string,
  entries: readonly ManifestEntry[],
  { size }: Contents,
): void {
  if (size === undefined) return;
  const bytes = entries.reduce((sum, entry) => sum + size(entry), 0);
  if (bytes > Bounds.bytes) throw beyondBound("the files are more than 2 GB in all");
  new DiskRoom(staging).use(bytes);
}

/** PATH_MAX of Linux with the zero byte that ends it: symlink(2). */
const LINK_MAX = 4095;

/** @throws ToolError exit 6 for what can be the target of no link */
function linkTarget(path: string, content: Uint8Array): string {
  const problem = content.length === 0
    ? "leads nowhere"
    : content.length > LINK_MAX
    ? "is too long"
    : content.includes(0)
    ? "holds a NUL"
    : undefined;
  if (problem) throw hostilePathError(path, `is a link that ${problem}`, "the commit");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw hostilePathError(path, "is a link that is not valid UTF-8", "the commit");
  }
}

/** Hard links of files that will be replaced or removed, so that there is a way back. */
export function linkPrevious(
  tree: string,
  staging: string,
  files: readonly string[],
  asides: readonly string[],
): string[] {
  const top = places.previousTree(staging);
  const folders = new FolderMaker(top, 0o700);
  pinningOnce(() => {
    for (const path of files) {
      folders.make(parentOf(`${top}/${path}`));
      try {
        makeHardLink(`${tree}/${path}`, `${top}/${path}`);
      } catch (error) {
        // Somebody has just removed it, or put a folder there: what is there when it is replaced is kept.
        if (lstatIfExists(`${tree}/${path}`)?.isDirectory === false) throw error;
      }
    }
  });
  for (const path of asides) folders.make(parentOf(`${top}/${path}`));
  return folders.made;
}
