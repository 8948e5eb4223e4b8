import { UNKNOWN_COMMIT } from "../tree/manifest_trees.ts";
import { copyToBackup, makeBackup } from "../../machine/tree/kept_edits.ts";
import { identityOf } from "../../machine/tree/file_identity.ts";
import type { SourceTree } from "../../machine/tree/source_tree.ts";
import {
  decideChange,
  draftJournal,
  isDecided,
  type Operation,
  staged as places,
} from "../../machine/tree/tree_journal.ts";
import { finishChange } from "../../machine/tree/tree_recovery.ts";
import type { FileSystemSync } from "../../machine/files/file_system_sync.ts";
import { syncToDisk } from "../../machine/tree/tree_sync.ts";
import type { Context } from "../../machine/context.ts";
import { encodeIndex } from "../tree/index_file.ts";
import type { SyncPlan } from "../tree/plan.ts";
import { recordOf, writeRecord } from "./previous.ts";
import { type Contents, linkPrevious, stageFiles } from "./stage.ts";

/** What is needed to carry out a plan. */
export interface TreeChange {
  readonly tree: SourceTree;
  /** From `createStaging`. */
  readonly staging: string;
  readonly plan: SyncPlan;
  /** The plan's, with what was in their places when it was compared. */
  readonly operations: readonly Operation[];
  readonly contents: Contents;
  /** Of the file system of the staging folder, where syncing began while files arrived. */
  readonly disk?: FileSystemSync | undefined;
  /** The state after the change, as text; undefined when nothing will be known of the tree. */
  readonly stateAfter: string | undefined;
  /** The index after the change; made from the plan when not given. */
  readonly indexAfter?: Uint8Array | undefined;
  readonly stateBefore: string | undefined;
}

/** What became of the local edits that a change met. */
export interface Applied {
  /** Machine path of the backup that holds those that were replaced; undefined when there were none. */
  readonly backup: string | undefined;
  /** Their paths. */
  readonly edited: readonly string[];
  /** Gone upstream, but edited in the last moment: not removed. */
  readonly left: readonly string[];
}

/**
 * Carries out a plan, all or nothing: new files and hard links of old ones are staged, local edits
 * backed up, everything is brought to the disk; then the journal is written, which decides it, and the
 * steps are done. Killed before the journal, nothing has happened; killed after it, the next tool
 * finishes. A failing step takes everything back.
 */
export async function applyChange(ctx: Context, change: TreeChange): Promise<Applied> {
  const { tree, staging, plan } = change;
  const total = plan.staged.length;
  const progress = ctx.ui.progress("Writing files", total);
  try {
    const written = stageFiles(staging, plan.staged, change.contents, (done) => {
      ctx.signal.throwIfAborted();
      progress.update(done, `${done} of ${total} files`);
    });
    const asides = plan.operations.filter((step) => step.do === "aside").map(({ path }) => path);
    const linked = linkPrevious(tree.path, staging, plan.replaced, asides);
    const record = writeRecord(
      places.previous(staging),
      recordOf(plan, change.stateBefore),
      tree.index,
    );
    const described = await writeDescription(staging, change);
    const backup = backUpEdits(ctx, tree.path, staging, plan.edited);
    const operations = change.operations.map((step) => withStaged(staging, step));
    const draft = draftJournal(staging, operations);
    // The staging folder's own name, too: it must not be gone while what was in it is in the tree.
    const paths = [draft, tree.parent, ...described, ...record, ...linked, ...written];
    await syncToDisk(paths, change.disk);
    // Elsewhere, maybe on another file system.
    if (backup) await syncToDisk(backup.written);
    ctx.signal.throwIfAborted();
    decideChange(staging);
    const { left, kept } = await finishChange(ctx, tree, staging, operations);
    const { commit } = plan.target;
    progress.done(
      commit === UNKNOWN_COMMIT
        ? "the tree is what it was before"
        : `the tree is at ${commit.slice(0, 12)}`,
    );
    return {
      backup: kept?.folder ?? backup?.folder,
      edited: [...new Set([...plan.edited, ...kept?.paths ?? []])].sort(),
      left,
    };
  } catch (error) {
    progress.fail(
      isDecided(staging)
        ? "the tree is half of two commits until the next run"
        : "the tree is left as it was",
    );
    throw error;
  }
}

/** What is put is described, so that it is known again. */
function withStaged(staging: string, step: Operation): Operation {
  if (step.do !== "put") return step;
  const path = step.path === "" ? "" : `/${step.path}`;
  return { ...step, fresh: identityOf(Deno.lstatSync(places.new(staging) + path)) };
}

/** State and index of the tree after the change, which are put in place with it. */
async function writeDescription(staging: string, change: TreeChange): Promise<string[]> {
  if (change.stateAfter === undefined) return [];
  const { plan } = change;
  const index = change.indexAfter ??
    await encodeIndex({ manifest: plan.target, figures: plan.figures });
  // As they will be in the state folder, where they are linked to.
  Deno.writeTextFileSync(places.state(staging), change.stateAfter, { mode: 0o600 });
  Deno.writeFileSync(places.index(staging), index, { mode: 0o600 });
  return [places.state(staging), places.index(staging)];
}

/**
 * Copies local edits that are about to be replaced to a backup, with permissions and times; links as links.
 * @param tree the tree's host path
 * @param paths relative to it; their parents are real folders
 * @returns undefined when there was nothing to copy; else its folder (machine path), and the host paths of
 *   all that was written, which must be on disk before the edits are replaced
 */
function backUpEdits(
  ctx: Context,
  tree: string,
  staging: string,
  paths: readonly string[],
) {
  if (paths.length === 0) return undefined;
  const folder = makeBackup(ctx, staging);
  const to = ctx.root.host(folder);
  const copied = paths.flatMap((path) => copyToBackup(`${tree}/${path}`, `${to}/${path}`));
  return { folder, written: [...new Set([places.backup(staging), ...copied])] };
}
