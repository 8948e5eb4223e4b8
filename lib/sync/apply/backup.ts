import { copyToBackup, makeBackup } from "../../machine/tree/kept_edits.ts";
import { staged } from "../../machine/tree/tree_journal.ts";
import type { Context } from "../../machine/context.ts";

/** Where local edits were copied to. */
export interface Backup {
  /** Machine path. */
  readonly folder: string;
  /** Host paths of all that was written, which must be on disk before the edits are replaced. */
  readonly written: readonly string[];
}

/**
 * Copies local edits that are about to be replaced to a backup, with permissions and times; links as links.
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
  const folder = makeBackup(ctx, staging);
  const to = ctx.root.host(folder);
  const copied = paths.flatMap((path) => copyToBackup(`${tree}/${path}`, `${to}/${path}`));
  return { folder, written: [...new Set([staged.backup(staging), ...copied])] };
}
