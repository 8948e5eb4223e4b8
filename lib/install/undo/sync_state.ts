import type { Context } from "../../machine/context.ts";
import {
  ensureDirectory,
  lstatIfExists,
  removeIfExists,
  rename,
} from "../../machine/files/files.ts";
import { backupFolder, type Receipt } from "../../machine/receipt.ts";
import { filesBelow } from "../../machine/tree/files_below.ts";
import { copyToBackup } from "../../machine/tree/kept_edits.ts";
import { sourceTree } from "../../machine/tree/source_tree.ts";

/**
 * What smart-sync noted since belongs to the tree that goes: which commit it is, its paths, and the way
 * back. It is kept with what changed since; what was noted before the installation is a step of it.
 */
export function putAwaySyncState(ctx: Context, receipt: Receipt): void {
  if (!receipt.steps.some(({ kind, state }) => kind === "tree" && state === "done")) return;
  const { previous, state, index } = sourceTree(ctx);
  putAway(ctx, receipt, previous, "previous-source");
  const isStep = receipt.steps.some((step) =>
    step.state === "done" && ctx.root.host(step.path) === state
  );
  for (const [path, name] of [[state, "state.json"], [index, "index"]] as const) {
    const written = lstatIfExists(path)?.mtime?.getTime() ?? 0;
    const isOurs = written >= Date.parse(receipt.startedAt);
    if (isOurs && !(isStep && path === state)) putAway(ctx, receipt, path, `sync-${name}`);
  }
}

function putAway(ctx: Context, receipt: Receipt, path: string, name: string): void {
  if (lstatIfExists(path) === undefined) return;
  const folder = ctx.root.host(`${backupFolder(receipt)}/changed-since`);
  ensureDirectory(folder, 0o700);
  const kept = `${folder}/${name}`;
  removeIfExists(kept);
  try {
    rename(path, kept);
  } catch {
    // Another file system (rename(2), EXDEV). An owner's edits may be in what a sync replaced.
    for (const file of filesBelow(path, "")) copyToBackup(`${path}/${file}`, `${kept}/${file}`);
    removeIfExists(path);
  }
}
