import type { Operation } from "../../machine/tree/tree_journal.ts";
import type { FileFigures } from "./index_file.ts";
import type { Manifest, ManifestEntry } from "./manifest.ts";

/** What makes the local tree equal to a commit, and what that means for the files that are there. */
export interface SyncPlan {
  readonly target: Manifest;
  /** Files and symlinks to be staged: new content. */
  readonly staged: readonly ManifestEntry[];
  readonly operations: readonly Operation[];
  readonly added: readonly string[];
  readonly updated: readonly string[];
  /** Right content, wrong permissions or owner. */
  readonly modes: readonly string[];
  readonly deleted: readonly string[];
  /** Gone upstream but changed here since the last sync: left alone. */
  readonly kept: readonly string[];
  /** Changed here, or of unknown origin, and replaced: backed up first. */
  readonly edited: readonly string[];
  /** Gitlinks: nothing of them is synced. */
  readonly submodules: readonly string[];
  /** Upstream files under excluded paths. */
  readonly excluded: number;
  /** Upstream files that are synced. */
  readonly files: number;
  /** Files that are replaced or removed: the way back keeps them. */
  readonly replaced: readonly string[];
  /** For the index: of the target's entries. */
  readonly figures: FileFigures;
}

/** Whether anything has to be done. */
export function isClean(plan: SyncPlan): boolean {
  return plan.operations.length === 0;
}
