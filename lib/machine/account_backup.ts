import type { Context } from "../program/context.ts";
import { ensureDirectory, lstatIfExists, writeFileAtomic } from "./files.ts";
import { mergeAccountFile } from "./merge_account_file.ts";
import { readRegular } from "./regular_file.ts";
import { backupFolder, type Receipt, writeReceipt } from "./receipt.ts";

/** What NixOS's activation may rewrite: accounts, groups, their secrets and their id ranges. */
const ACCOUNT_FILES = ["passwd", "shadow", "group", "gshadow", "subuid", "subgid"] as const;

/**
 * Saves the account files as they are before the first activation. Activation removes accounts, and a
 * return to the previous generation does not bring them back.
 */
export function saveAccountsBefore(ctx: Context, receipt: Receipt): void {
  if (receipt.accountsSaved) return;
  save(ctx, receipt, "before");
  receipt.accountsSaved = true;
  writeReceipt(ctx, receipt);
}

/** Saves them as an activation left them: what differs from this later, somebody changed. */
export function saveAccountsAfter(ctx: Context, receipt: Receipt): void {
  save(ctx, receipt, "after");
}

/** An account file that was given back, and whose lines were left because they changed since. */
export interface RestoredAccountFile {
  readonly path: string;
  readonly keptNames: readonly string[];
}

/**
 * Gives the account files back as they were before the first activation, line by line: a line that
 * changed since the installation (a new password) stays as it is now.
 * @returns the files that were changed
 */
export function restoreAccounts(ctx: Context, receipt: Receipt): RestoredAccountFile[] {
  if (!receipt.accountsSaved) return [];
  const restored: RestoredAccountFile[] = [];
  for (const name of ACCOUNT_FILES) {
    const path = ctx.root.host(`/etc/${name}`);
    const before = saved(ctx, receipt, "before", name);
    const now = lstatIfExists(path)?.isFile ? readRegular(path) : undefined;
    if (before === undefined || now === undefined) continue;
    const after = saved(ctx, receipt, "after", name) ?? now;
    const { data, kept } = mergeAccountFile(before, after, now);
    if (equal(data, now)) continue;
    save(ctx, receipt, "before-undo");
    const { mode, uid, gid } = Deno.statSync(path);
    writeFileAtomic(path, data, { mode: (mode ?? 0) & 0o7777, uid: uid ?? 0, gid: gid ?? 0 });
    restored.push({ path: `/etc/${name}`, keptNames: kept });
  }
  return restored;
}

function folderOf(ctx: Context, receipt: Receipt, when: string): string {
  return ctx.root.host(`${backupFolder(receipt)}/accounts-${when}`);
}

function save(ctx: Context, receipt: Receipt, when: "before" | "after" | "before-undo"): void {
  const folder = folderOf(ctx, receipt, when);
  ensureDirectory(folder, 0o700);
  for (const name of ACCOUNT_FILES) {
    const path = ctx.root.host(`/etc/${name}`);
    if (!lstatIfExists(path)?.isFile) continue;
    writeFileAtomic(`${folder}/${name}`, readRegular(path), { mode: 0o600 });
  }
}

function saved(
  ctx: Context,
  receipt: Receipt,
  when: "before" | "after",
  name: string,
): Uint8Array | undefined {
  const path = `${folderOf(ctx, receipt, when)}/${name}`;
  return lstatIfExists(path)?.isFile ? readRegular(path) : undefined;
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
