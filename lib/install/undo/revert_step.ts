import { lutimesSync } from "node:fs";
import { attempt } from "../../machine/attempt.ts";
import type { Context } from "../../machine/context.ts";
import {
  ensureDirectory,
  freeName,
  linkAtomic,
  listIfExists,
  lstatIfExists,
  parentOf,
  readLinkIfExists,
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
    ensureDirectory(parentOf(path), 0o755);
    linkAtomic(before.target, path);
    if (before.mtime) setTimes(path, new Date(before.mtime));
  } else if (before.kind === "file") {
    const backup = ctx.root.host(before.backup!);
    const { mode, uid, gid } = before;
    const content = readBackup(backup, before.sha256);
    ensureDirectory(parentOf(path), 0o755);
    writeFileAtomic(path, content, { mode, uid, gid });
    if (before.mtime) setTimes(path, new Date(before.mtime));
  }
  return kept;
}

/** Of a link its own. */
function setTimes(path: string, time: Date): void {
  inFolder(path, (name) => lutimesSync(name, time, time));
}

/**
 * What is no longer as the install left it, nor as it was before, is put away before it is replaced. Of a
 * secret the receipt knows no checksum: only what is no file is another thing.
 */
function keepOwnersChange(
  ctx: Context,
  receipt: Receipt,
  record: StepRecord,
  path: string,
): string[] {
  const info = lstatIfExists(path);
  if (info === undefined) return [];
  if (info.isSymlink) {
    const target = readLinkIfExists(path) ?? "";
    const wasThere = record.before?.kind === "link" && record.before.target === target;
    if (wasThere || record.kind === "link" && record.after === target) return [];
    const place = keptPlace(ctx, receipt, record);
    linkAtomic(target, place);
    return [ctx.root.machine(place)];
  }
  if (!info.isFile) return [moveAway(ctx, receipt, record, path)];
  if (record.kind === "secret") return [];
  const content = readRegular(path);
  const digest = sha256(content);
  const wasThere = record.before?.kind === "file" && record.before.sha256 === digest;
  if (wasThere || record.kind === "file" && record.after === digest) return [];
  const place = keptPlace(ctx, receipt, record);
  writeFileAtomic(place, content, { mode: 0o600 });
  return [ctx.root.machine(place)];
}

/** A free host path in the backup folder: a step may be reverted more than once. */
function keptPlace(ctx: Context, receipt: Receipt, record: StepRecord): string {
  const place = ctx.root.host(`${backupFolder(receipt)}/changed-since${record.path}`);
  ensureDirectory(parentOf(place), 0o700);
  return freeName(place);
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
  if (backup !== undefined && lstatIfExists(backup) === undefined) {
    if (!isAsInstalled(path, record)) return [];
    throw new ToolError(`backup ${backup} is gone`, {
      hint: "the tree that it belongs to was left as the installation made it",
    });
  }
  const kept: string[] = [];
  if (lstatIfExists(path)) {
    // Whole or not at all: half of it would look like a change of the owner's to the next run.
    if (isAsInstalled(path, record)) rename(path, aside);
    else kept.push(moveAway(ctx, receipt, record, path));
  }
  if (backup !== undefined) {
    ensureDirectory(parentOf(path), 0o755);
    rename(backup, path);
  }
  removeIfExists(aside);
  // Also its folder is gone, where a receipt could not say so.
  if (lstatIfExists(parentOf(path))) syncFolder(parentOf(path));
  return kept;
}

/** A link to such a tree is not it, and what cannot be read whole somebody has changed. */
function isAsInstalled(path: string, { after }: StepRecord): boolean {
  return lstatIfExists(path)?.isDirectory === true && attempt(() => treeDigest(path)) === after;
}

/** Into the backup folder, or beside where it was when that is another file system (rename(2), EXDEV). */
function moveAway(ctx: Context, receipt: Receipt, record: StepRecord, path: string): string {
  let place = keptPlace(ctx, receipt, record);
  try {
    rename(path, place);
  } catch {
    place = freeName(ctx.root.host(`${record.path}.${receipt.id}.changed`));
    rename(path, place);
  }
  return ctx.root.machine(place);
}
