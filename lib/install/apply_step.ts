import type { Context } from "../machine/context.ts";
import {
  ensureDirectory,
  linkAtomic,
  lstatIfExists,
  parentOf,
  readLinkIfExists,
  readTextIfExists,
  removeIfExists,
  rename,
  syncFolder,
  writeFileAtomic,
} from "../machine/files/files.ts";
import { readRegular } from "../machine/files/regular_file.ts";
import { ToolError } from "../machine/tool_error.ts";
import { sha256 } from "../machine/files/sha256.ts";
import { copyTree, isSameTree, treeDigest } from "./source/copy_tree.ts";
import {
  backupFolder,
  type Receipt,
  type Snapshot,
  type StepRecord,
  writeReceipt,
} from "../machine/receipt.ts";
import { revertStep } from "./undo/revert_step.ts";
import { obstacleTo } from "./obstacle.ts";
import type { Step, TreeStep } from "./step.ts";
import { shellWord } from "../machine/shell_words.ts";

/**
 * Applies one step. What it replaces is backed up and the receipt says `doing` before anything is
 * changed, so that a kill at any moment leaves a receipt from which it can be reverted. A step whose
 * result is there already changes nothing.
 */
export async function applyStep(ctx: Context, receipt: Receipt, step: Step): Promise<void> {
  const record = recordOf(receipt, step);
  const path = ctx.root.host(step.path);
  ctx.log.debug(`${step.title}: ${path}`);
  if (isStepDone(ctx, step)) {
    if (record.state === "done") return;
    record.state = "unchanged";
    writeReceipt(ctx, receipt);
    return;
  }
  // A run that was cut off wrote something else here: what was there before it is what to back up.
  const kept = record.state === "done" ? revertStep(ctx, receipt, record) : [];
  for (const place of kept) ctx.log.info(`changed since it was written, kept in ${place}`);
  const problem = obstacleTo(ctx, step);
  if (problem) throw problem;
  if (step.kind !== "directory") requireParent(path);
  if (step.kind === "tree") return await applyTree(ctx, receipt, record, step, path);

  record.before = backUp(ctx, receipt, step, path);
  record.after = afterOf(step);
  record.state = "doing";
  writeReceipt(ctx, receipt);
  if (step.kind === "directory") ensureDirectory(path, step.mode);
  else if (step.kind === "link") linkAtomic(step.target, path);
  else if (step.kind === "remove") removeIfExists(path);
  else writeFileAtomic(path, step.content, { mode: step.mode, uid: Deno.uid()!, gid: Deno.gid()! });
  record.state = "done";
  writeReceipt(ctx, receipt);
}

function recordOf(receipt: Receipt, step: Step): StepRecord {
  const found = receipt.steps.find((record) => record.id === step.id);
  if (found) return found;
  const record: StepRecord = {
    id: step.id,
    kind: step.kind,
    path: step.path,
    state: "pending",
    before: null,
    after: null,
    staged: null,
  };
  receipt.steps.push(record);
  return record;
}

function afterOf(step: Exclude<Step, TreeStep>): string | null {
  if (step.kind === "file") return sha256(step.content);
  return step.kind === "link" ? step.target : null;
}

/** Whether what a step would make is there already. */
export function isStepDone(ctx: Context, step: Step): boolean {
  const path = ctx.root.host(step.path);
  const info = lstatIfExists(path);
  if (info === undefined) return step.kind === "remove";
  switch (step.kind) {
    case "directory":
      return info.isDirectory;
    case "link":
      return info.isSymlink && readLinkIfExists(path) === step.target;
    case "remove":
      return false;
    case "tree":
      return isSameTree(step.source, path);
    default:
      return info.isFile && ((info.mode ?? 0) & 0o7777) === step.mode &&
        info.uid === Deno.uid() && readTextIfExists(path) === step.content;
  }
}

function requireParent(path: string): void {
  if (lstatIfExists(parentOf(path))?.isDirectory) return;
  throw new ToolError(`${parentOf(path)} is not a folder`, {
    hint: `look at it: ls -ld ${shellWord(parentOf(path))}`,
  });
}

/** Says what is at a path; a file is copied into the receipt's backup folder first. */
function backUp(ctx: Context, receipt: Receipt, step: Step, path: string): Snapshot {
  const info = lstatIfExists(path);
  if (info === undefined) return { kind: "absent" };
  const mtime = info.mtime?.toISOString() ?? null;
  if (info.isSymlink) return { kind: "link", target: readLinkIfExists(path) ?? "", mtime };
  if (info.isDirectory) return { kind: "directory" };
  const backup = `${backupFolder(receipt)}/files${step.path}`;
  const target = ctx.root.host(backup);
  const content = readRegular(path);
  ensureDirectory(parentOf(target), 0o700);
  writeFileAtomic(target, content, { mode: 0o600 });
  return {
    kind: "file",
    mode: (info.mode ?? 0) & 0o7777,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    mtime,
    sha256: step.kind === "secret" ? null : sha256(content),
    backup,
  };
}

/** Copies beside the folder, moves the old one into the backups, renames the new one into place. */
async function applyTree(
  ctx: Context,
  receipt: Receipt,
  record: StepRecord,
  step: TreeStep,
  path: string,
): Promise<void> {
  record.staged = `${step.path}.${receipt.id}.staged`;
  record.state = "doing";
  writeReceipt(ctx, receipt);
  const staged = ctx.root.host(record.staged);
  removeIfExists(staged);
  await copyTree(step.source, staged, ctx.signal);

  record.after = treeDigest(staged);
  if (lstatIfExists(path) === undefined) {
    record.before = { kind: "absent" };
    writeReceipt(ctx, receipt);
  } else moveOldTree(ctx, receipt, record, path);
  rename(staged, path);
  syncFolder(parentOf(path));
  record.state = "done";
  writeReceipt(ctx, receipt);
}

/**
 * Moves the old tree into the backup folder, or beside where it was when that is another file system or
 * another mount of the same one, which only trying tells (rename(2), EXDEV).
 */
function moveOldTree(ctx: Context, receipt: Receipt, record: StepRecord, path: string): void {
  const moveTo = (backup: string) => {
    record.before = { kind: "tree", backup };
    writeReceipt(ctx, receipt);
    ensureDirectory(parentOf(ctx.root.host(backup)), 0o700);
    rename(path, ctx.root.host(backup));
  };
  try {
    moveTo(`${backupFolder(receipt)}/trees${record.path}`);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
    moveTo(`${record.path}.${receipt.id}.old`);
  }
}
