import { ensureDirectory, lstatIfExists, parentOf } from "../machine/files.ts";
import { places } from "../machine/places.ts";
import { staged } from "../machine/tree_journal.ts";
import type { Context } from "../program/context.ts";

/** Where local edits were copied to. */
export interface Backup {
  /** Machine path. */
  readonly folder: string;
  /** Host paths of all that was written, which must be on disk before the edits are replaced. */
  readonly written: readonly string[];
}

/**
 * Copies local edits that are about to be replaced to `backups/sync-<time>/`, with permissions and
 * times; links as links. The staging folder names the backup before it is there, so that a change that
 * does not happen leaves none.
 * @param tree the tree's host path
 * @param paths relative to it; their parents are real folders
 * @returns undefined when there was nothing to copy
 */
export function backUpEdits(
  ctx: Context,
  tree: string,
  staging: string,
  paths: readonly string[],
): Backup | undefined {
  if (paths.length === 0) return undefined;
  const folder = freshName(ctx);
  Deno.writeTextFileSync(staged.backup(staging), folder);
  const written = new Set([staged.backup(staging)]);
  ensureDirectory(ctx.root.host(folder), 0o700);
  for (const path of paths) {
    const from = `${tree}/${path}`;
    const to = `${ctx.root.host(folder)}/${path}`;
    ensureDirectory(parentOf(to), 0o700);
    written.add(to).add(parentOf(to));
    const info = lstatIfExists(from);
    if (info?.isSymlink) Deno.symlinkSync(Deno.readLinkSync(from), to);
    else if (info?.isFile) {
      Deno.copyFileSync(from, to);
      if (info.mtime && info.atime) Deno.utimeSync(to, info.atime, info.mtime);
    }
  }
  return { folder, written: [...written] };
}

function freshName(ctx: Context): string {
  const time = ctx.now().toISOString().slice(0, 19).replaceAll(":", "");
  for (let n = 1;; n++) {
    const folder = `${places.backups}/sync-${time}${n === 1 ? "" : `-${n}`}`;
    if (lstatIfExists(ctx.root.host(folder)) === undefined) return folder;
  }
}
