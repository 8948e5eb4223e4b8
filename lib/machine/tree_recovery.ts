import type { Context } from "../program/context.ts";
import { ExitCode } from "./exit_code.ts";
import {
  ensureDirectory,
  lstatIfExists,
  parentOf,
  removeIfExists,
  removeTemporaries,
  writeFileAtomic,
} from "./files.ts";
import { discardStaging, type SourceTree, sourceTree, stagingFolders } from "./source_tree.ts";
import { ToolError } from "./tool_error.ts";
import {
  doOperations,
  type Operation,
  readJournal,
  staged,
  touchedFolders,
  undoOperations,
} from "./tree_journal.ts";
import { syncToDisk } from "./tree_sync.ts";

/**
 * Brings the source tree to exactly one commit after a run that was killed: a change whose journal was
 * written is finished, anything else that was staged is discarded. Every tool that reads the tree calls
 * it first, holding the machine's lock. Costs one directory listing when there is nothing to do.
 * @returns how many interrupted changes were finished and discarded
 * @throws ToolError exit 6 when a journal is damaged
 */
export async function recoverSourceTree(
  ctx: Context,
): Promise<{ readonly finished: number; readonly discarded: number }> {
  const tree = sourceTree(ctx);
  let finished = 0;
  let discarded = 0;
  removeTemporaries(tree.state);
  removeTemporaries(tree.index);
  for (const staging of stagingFolders(tree)) {
    const operations = journalOf(staging);
    if (operations === undefined) {
      discardStaging(staging);
      discarded++;
    } else {
      await finishChange(ctx, tree, staging, operations);
      finished++;
    }
  }
  if (finished > 0) {
    ctx.log.info("finished the update of the source tree that had been interrupted");
  }
  return { finished, discarded };
}

/** Whether an interrupted change waits to be finished; changes nothing, needs no lock. */
export function hasInterruptedChange(ctx: Context): boolean {
  try {
    return stagingFolders(sourceTree(ctx))
      .some((staging) => lstatIfExists(staged.journal(staging)) !== undefined);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/**
 * Carries out a journaled change to its end. When a step fails, all of them are taken back and the
 * tree is what it was before.
 */
export async function finishChange(
  ctx: Context,
  tree: SourceTree,
  staging: string,
  operations: readonly Operation[],
  onDone?: (count: number) => void,
): Promise<void> {
  try {
    doOperations(tree.path, staging, operations, onDone);
    await syncToDisk(ctx, touchedFolders(tree.path, operations));
    installState(tree, staging);
  } catch (error) {
    undoOperations(tree.path, staging, operations);
    discardStaging(staging);
    throw error;
  }
  keepPrevious(tree, staging);
  // Without its journal, what is left is only something to throw away.
  removeIfExists(staged.journal(staging));
  discardStaging(staging);
}

/** State and index of the tree as it is now. The index first: a state without one is still true. */
function installState(tree: SourceTree, staging: string): void {
  ensureDirectory(parentOf(tree.state), 0o700);
  for (
    const [from, to] of [
      [staged.index(staging), tree.index],
      [staged.state(staging), tree.state],
    ] as const
  ) {
    if (lstatIfExists(from) === undefined) removeIfExists(to);
    else writeFileAtomic(to, Deno.readFileSync(from), { mode: 0o600 });
  }
}

function keepPrevious(tree: SourceTree, staging: string): void {
  const from = staged.previous(staging);
  if (lstatIfExists(from) === undefined) return;
  removeIfExists(tree.previous);
  Deno.renameSync(from, tree.previous);
}

function journalOf(staging: string): readonly Operation[] | undefined {
  try {
    return readJournal(staging);
  } catch (error) {
    if (error instanceof ToolError || error instanceof Deno.errors.PermissionDenied) throw error;
    throw new ToolError(`the journal of an interrupted update is damaged: ${staging}`, {
      code: ExitCode.Configuration,
      hint:
        `look at it, then remove it and sync again: rm -r ${staging} && smart-sync --force-full`,
      cause: error,
    });
  }
}
