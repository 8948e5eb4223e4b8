import { lutimesSync } from "node:fs";
import type { Context } from "../../machine/context.ts";
import {
  ensureDirectory,
  linkAtomic,
  listIfExists,
  lstatIfExists,
  parentOf,
  remove,
  removeIfExists,
  removeTemporaries,
  rename,
  syncFolder,
  writeFileAtomic,
} from "../../machine/files/files.ts";
import { readRegular } from "../../machine/files/regular_file.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { inFolder } from "../../machine/files/pinned.ts";
import { sha256 } from "../../machine/files/sha256.ts";
import { treeDigest } from "../source/copy_tree.ts";
import {
  backupFolder,
  type Receipt,
  type StepRecord,
  writeReceipt,
} from "../../machine/receipt.ts";

/**
 * Gives back what was there before a step, byte for byte, with mode, owner and modification time.
 * Reverting twice, or a step that was cut off anywhere, is fine: every part looks first.
 * What the owner changed since is kept in the backup folder and returned, by machine path.
 */
export function revertStep(ctx: Context, receipt: Receipt, record: StepRecord): string[] {
  if (record.state !== "done" && record.state !== "doing") return [];
  const path = ctx.root.host(record.path);
  if (record.state === "doing") removeTemporaries(path);
  const kept = record.kind === "tree"
    ? revertTree(ctx, receipt, record, path)
    : revertEntry(ctx, receipt, record, path);
  record.state = "reverted";
  writeReceipt(ctx, receipt);
  return kept;
}

function revertEntry(ctx: Context, receipt: Receipt, record: StepRecord, path: string): string[] {
  const { before } = record;
  if (before === null || before.kind === "directory") return [];
  if (record.kind === "directory") {
    if (lstatIfExists(path)?.isDirectory && listIfExists(path).length === 0) remove(path);
    return [];
  }
  const kept = keepOwnersChange(ctx, receipt, record, path);
  if (before.kind === "absent") {
    if (lstatIfExists(path)) remove(path);
    if (lstatIfExists(parentOf(path))) syncFolder(parentOf(path));
  } else if (before.kind === "link") {
    linkAtomic(before.target, path);
    if (before.mtime) setTimes(path, new Date(before.mtime));
  } else if (before.kind === "file") {
    const backup = ctx.root.host(before.backup!);
    const { mode, uid, gid } = before;
    writeFileAtomic(path, readBackup(backup, before.sha256), { mode, uid, gid });
    if (before.mtime) setTimes(path, new Date(before.mtime));
  }
  return kept;
}

/** Of a link its own. */
function setTimes(path: string, time: Date): void {
  inFolder(path, (name) => lutimesSync(name, time, time));
}

/** A file that is no longer what the install wrote is copied away before it is replaced. */
function keepOwnersChange(
  ctx: Context,
  receipt: Receipt,
  record: StepRecord,
  path: string,
): string[] {
  const info = lstatIfExists(path);
  if (record.kind !== "file" || !info?.isFile) return [];
  const content = readRegular(path);
  const digest = sha256(content);
  const wasThere = record.before?.kind === "file" && record.before.sha256 === digest;
  if (digest === record.after || wasThere) return [];
  const place = `${backupFolder(receipt)}/changed-since${record.path}`;
  ensureDirectory(parentOf(ctx.root.host(place)), 0o700);
  writeFileAtomic(ctx.root.host(place), content, { mode: 0o600 });
  return [place];
}

function readBackup(path: string, expected: string | null): Uint8Array {
  const content = readRegular(path);
  if (expected !== null && sha256(content) !== expected) {
    throw new ToolError(`backup ${path} is not what was saved`, {
      hint: "the disk may be damaged; the file it belongs to was left as it is",
    });
  }
  return content;
}

/** A tree that somebody changed since is kept; one that is as the install left it is not. */
function revertTree(ctx: Context, receipt: Receipt, record: StepRecord, path: string): string[] {
  if (record.staged) removeIfExists(ctx.root.host(record.staged));
  const aside = ctx.root.host(`${record.path}.${receipt.id}.removed`);
  removeIfExists(aside);
  const { before } = record;
  if (before === null) return [];
  const backup = before.kind === "tree" && before.backup !== null
    ? ctx.root.host(before.backup)
    : undefined;
  // The backup is gone once it was renamed back: what is at the path is the old tree already.
  if (backup !== undefined && lstatIfExists(backup) === undefined) return [];
  const kept: string[] = [];
  if (lstatIfExists(path)) {
    // Whole or not at all: half of it would look like a change of the owner's to the next run.
    if (treeDigest(path) === record.after) rename(path, aside);
    else kept.push(moveAway(ctx, receipt, record, path));
  }
  if (backup !== undefined) rename(backup, path);
  removeIfExists(aside);
  // Also its folder is gone, where a receipt could not say so.
  if (lstatIfExists(parentOf(path))) syncFolder(parentOf(path));
  return kept;
}

/** Into the backup folder, or beside the tree when that is another file system (rename(2), EXDEV). */
function moveAway(ctx: Context, receipt: Receipt, record: StepRecord, path: string): string {
  const place = `${backupFolder(receipt)}/changed-since${record.path}`;
  const beside = `${record.path}.${receipt.id}.changed`;
  ensureDirectory(parentOf(ctx.root.host(place)), 0o700);
  try {
    rename(path, ctx.root.host(place));
    return place;
  } catch {
    rename(path, ctx.root.host(beside));
    return beside;
  }
}
