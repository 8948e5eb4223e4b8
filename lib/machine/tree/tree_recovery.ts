import type { Context } from "../context.ts";
import { ExitCode } from "../exit_code.ts";
import {
  ensureDirectory,
  exists,
  lstatIfExists,
  makeHardLink,
  parentOf,
  readTextIfExists,
  removeIfExists,
  removeTemporaries,
  rename,
  syncFolder,
  temporaryName,
  writeFileAtomic,
} from "../files/files.ts";
import {
  discardStaging,
  LARGEST_INDEX,
  type SourceTree,
  sourceTree,
  stagingFolders,
} from "./source_tree.ts";
import { printableLine } from "../../layout/printable.ts";
import { ownLine } from "../own_line.ts";
import { readRegular } from "../files/regular_file.ts";
import { ToolError } from "../tool_error.ts";
import { backupOf, keepEdits, type KeptEdits } from "./kept_edits.ts";
import { isDecided, type Operation, readJournal, staged } from "./tree_journal.ts";
import { doOperations, touchedFolders, undoOperations } from "./tree_operations.ts";
import { syncToDisk } from "./tree_sync.ts";
import { commandLine } from "../shell_words.ts";

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
    const operations = journalOf(ctx, staging);
    if (operations === undefined) {
      await discardChange(ctx, staging);
      discarded++;
    } else {
      const { left, kept } = await finishChange(ctx, tree, staging, operations);
      sayKept(ctx, kept);
      for (const path of left) ctx.log.warn(`${path} was changed here, so it was not removed`);
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
    return stagingFolders(sourceTree(ctx)).some(isDecided);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/**
 * Removes what was staged for a change that has not happened, and the backup of edits that it was going
 * to replace. A change that was decided is left for the next run to finish.
 */
export async function discardChange(ctx: Context, staging: string): Promise<void> {
  if (isDecided(staging)) return;
  const backup = backupOf(staging);
  if (backup !== undefined) removeIfExists(ctx.root.host(backup));
  await discardStaging(staging);
}

/**
 * Carries out a journaled change to its end. When a step fails, all of them are taken back and the
 * tree is what it was before. Edits that are found in its way are kept.
 * @throws what failed; ToolError when taking back failed, too, and the next run has to finish it
 */
export async function finishChange(
  ctx: Context,
  tree: SourceTree,
  staging: string,
  operations: readonly Operation[],
): Promise<FinishedChange> {
  let left: readonly string[] = [];
  let kept: KeptEdits | undefined;
  // What becomes the way back goes last: without it every step was done, and none may be done again.
  if (lstatIfExists(staged.previous(staging))) {
    const before = readTextIfExists(tree.state);
    const isRedone = isInstalled(tree, staging);
    try {
      left = doOperations(tree.path, staging, operations);
      await syncToDisk(touchedFolders(tree.path, operations));
      installState(tree, staging);
    } catch (error) {
      // The state is that of after the change already: what it was is not known here any more.
      if (isRedone) throw stoppedHalfWay(tree, error);
      await takeBack(ctx, tree, staging, operations, before);
      throw error;
    }
    kept = await keepEdits(ctx, staging);
    keepPrevious(tree, staging);
  }
  keepBackup(staging);
  // Without its journal, what is left is only something to throw away.
  removeIfExists(staged.journal(staging));
  await discardStaging(staging);
  return { left, kept };
}

/** What a finished change found changed since it was decided. */
export interface FinishedChange {
  /** Paths that were not removed, because they are edits now. */
  readonly left: readonly string[];
  readonly kept: KeptEdits | undefined;
}

async function takeBack(
  ctx: Context,
  tree: SourceTree,
  staging: string,
  operations: readonly Operation[],
  state: string | undefined,
): Promise<void> {
  try {
    undoOperations(tree.path, staging, operations);
    const kept = await keepEdits(ctx, staging);
    if (kept) keepBackup(staging);
    sayKept(ctx, kept);
    // An index of another commit than the state's is not believed.
    if (state === undefined) removeIfExists(tree.state);
    else if (readTextIfExists(tree.state) !== state) {
      writeFileAtomic(tree.state, state, { mode: 0o600 });
    }
    // Before anything that it names goes: whoever finds a journal finishes it.
    removeIfExists(staged.journal(staging));
  } catch (error) {
    throw stoppedHalfWay(tree, error);
  }
  await discardChange(ctx, staging);
}

function stoppedHalfWay(tree: SourceTree, error: unknown): ToolError {
  const why = printableLine(error instanceof Error ? error.message : String(error));
  return new ToolError(`the update of ${tree.path} stopped half-way: ${why}`, {
    hint: "nothing is lost; mend the cause, and the next run of any tool finishes it",
    cause: error,
  });
}

/** Whether an earlier run has put the state in place, and with it had done all the steps. */
function isInstalled(tree: SourceTree, staging: string): boolean {
  const [ours, there] = [staged.state(staging), tree.state].map((path) => lstatIfExists(path));
  if (!ours || !there) return false;
  return ours.ino === there.ino && ours.dev === there.dev ||
    readTextIfExists(staged.state(staging)) === readTextIfExists(tree.state);
}

function sayKept(ctx: Context, kept: KeptEdits | undefined): void {
  if (kept === undefined) return;
  const paths = kept.paths.map(printableLine).join(", ");
  ctx.log.warn(`edits made in the meantime are kept in ${kept.folder}: ${paths}`);
}

/** State and index of the tree as it is now. The index first: a state without its own is still true. */
function installState(tree: SourceTree, staging: string): void {
  ensureDirectory(parentOf(tree.state), 0o700);
  for (
    const [from, to] of [
      [staged.index(staging), tree.index],
      [staged.state(staging), tree.state],
    ] as const
  ) {
    if (!exists(from)) removeIfExists(to);
    else putInPlace(from, to);
  }
  syncFolder(parentOf(tree.state));
}

/**
 * Makes a staged file, which is on disk, the one at a path, in one step. It stays staged: this may have
 * to be done again. Linked where that is possible, otherwise copied.
 */
function putInPlace(from: string, to: string): void {
  const temporary = temporaryName(to);
  try {
    makeHardLink(from, temporary);
  } catch {
    return writeFileAtomic(to, readRegular(from, LARGEST_INDEX), { mode: 0o600 });
  }
  try {
    rename(temporary, to);
  } finally {
    // Also where both names are links of one file already, which rename(2) leaves.
    removeIfExists(temporary);
  }
}

/** What was the way back until now goes with the staging folder. */
function keepPrevious(tree: SourceTree, staging: string): void {
  if (lstatIfExists(tree.previous)) {
    removeIfExists(staged.outdated(staging));
    rename(tree.previous, staged.outdated(staging));
  }
  rename(staged.previous(staging), tree.previous);
}

/** The backup is no longer one that goes when the rest of the staging folder does. */
function keepBackup(staging: string): void {
  if (!exists(staged.backup(staging))) return;
  removeIfExists(staged.backup(staging));
  syncFolder(staging);
}

function journalOf(ctx: Context, staging: string): readonly Operation[] | undefined {
  try {
    return readJournal(staging);
  } catch (error) {
    if (error instanceof ToolError || error instanceof Deno.errors.PermissionDenied) throw error;
    throw new ToolError(`the journal of an interrupted update is damaged: ${staging}`, {
      code: ExitCode.Configuration,
      hint: `look at it, then remove it and sync again: ${commandLine("rm", ["-r", staging])} && ` +
        ownLine(ctx, "smart-sync", "--force-full"),
      cause: error,
    });
  }
}
