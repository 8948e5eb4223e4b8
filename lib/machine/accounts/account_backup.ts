import * as v from "valibot";
import type { Context } from "../context.ts";
import { withAccountLock } from "./account_lock.ts";
import { DECLARED_FOLDER } from "./declared_accounts.ts";
import {
  ensureDirectory,
  exists,
  lstatIfExists,
  readTextIfExists,
  removeIfExists,
  rename,
  syncFolder,
  writeFileAtomic,
} from "../files/files.ts";
import { readRegular } from "../files/regular_file.ts";
import { changedNames, mergeAccountFile, presumedAfter } from "./merge_account_file.ts";
import { backupFolder } from "../receipt.ts";

/** What NixOS's activation may rewrite: accounts, groups, their secrets and their id ranges. */
export const ACCOUNT_FILES = ["passwd", "shadow", "group", "gshadow", "subuid", "subgid"] as const;
type AccountFile = (typeof ACCOUNT_FILES)[number];

/** What NixOS notes of its declarations; given back as a whole. */
export const DECLARED_FILES = ["declarative-users", "declarative-groups"] as const;

/**
 * The states that are kept of an installation's account files: before its first activation, right before
 * the last one, as that left them (saved by the activation itself), and right before each undoing.
 */
type Moment = "before" | "pending" | "after" | `before-undo${"" | `-${number}`}`;

/** What people changed between two activations, as of `changedNames`. */
const ChangedSchema = v.record(v.string(), v.array(v.string()));

/** An installation, as far as its backups go. */
type Installation = Parameters<typeof backupFolder>[0];

/** Where an activation saves what it left; see {@link saveAccountsBefore}. Host path. */
export function accountsAfterFolder(ctx: Context, installation: Installation): string {
  return folderOf(ctx, installation, "after");
}

/**
 * Saves the account files as they are before an activation: it removes accounts, and a return to the
 * previous generation does not bring them back. What differs from what the activation before it left,
 * people changed: that is noted, because the next activation's result holds it too.
 * @throws ToolError as `withAccountLock`
 */
export async function saveAccountsBefore(ctx: Context, installation: Installation): Promise<void> {
  await withAccountLock(ctx, () => {
    if (!exists(folderOf(ctx, installation, "before"))) {
      save(ctx, installation, "before");
    } else noteChanged(ctx, installation);
    save(ctx, installation, "pending");
  });
}

/** Saves them as nixos-install left them, which has no activation of its own to do it. */
export async function saveAccountsAfter(ctx: Context, installation: Installation): Promise<void> {
  await withAccountLock(ctx, () => save(ctx, installation, "after"));
}

/**
 * Makes NixOS take for declared what it did before the installation: right before the system of then is
 * activated again, which would remove every account that only a later one declared.
 */
export async function restoreDeclarations(ctx: Context, installation: Installation): Promise<void> {
  const folder = folderOf(ctx, installation, "before");
  await withAccountLock(ctx, () => {
    for (const name of DECLARED_FILES) {
      const saved = contentOf(`${folder}/${name}`);
      const path = ctx.root.host(`${DECLARED_FOLDER}/${name}`);
      if (saved !== undefined && lstatIfExists(path)?.isFile) replace(path, saved);
    }
  });
}

/** An account file that was given back, and whose lines were left because they changed since. */
export interface RestoredAccountFile {
  readonly path: string;
  readonly keptNames: readonly string[];
}

/**
 * Gives the account files back as they were before the first activation, line by line: a line that
 * people changed since (a new password) stays as it is now. What they are now is kept aside first.
 * @returns the files that were changed
 * @throws ToolError as `withAccountLock`
 */
export async function restoreAccounts(
  ctx: Context,
  installation: Installation,
): Promise<RestoredAccountFile[]> {
  if (!exists(folderOf(ctx, installation, "before"))) return [];
  return await withAccountLock(ctx, () => {
    const changed = readChanged(ctx, installation);
    const restored = ACCOUNT_FILES.flatMap((name) => {
      const before = saved(ctx, installation, "before", name);
      const now = present(ctx, name);
      if (before === undefined || now === undefined) return [];
      const after = left(ctx, installation, name, now);
      const { data, kept } = mergeAccountFile(
        before,
        after,
        now,
        new Set(changed[name]),
        hasMembers(name),
      );
      return equal(data, now) ? [] : [{ name, data, kept }];
    });
    if (restored.length > 0) save(ctx, installation, undoMoment(ctx, installation));
    for (const { name, data } of restored) replace(ctx.root.host(`/etc/${name}`), data);
    return restored.map(({ name, kept }) => ({ path: `/etc/${name}`, keptNames: kept }));
  });
}

/** Whether the last field of the file's lines is a list of accounts; group(5), gshadow(5). */
function hasMembers(name: AccountFile): boolean {
  return name === "group" || name === "gshadow";
}

/** Adds to what is noted the names whose lines are not what the last activation left. */
function noteChanged(ctx: Context, installation: Installation): void {
  const changed = readChanged(ctx, installation);
  for (const name of ACCOUNT_FILES) {
    const now = present(ctx, name);
    if (now === undefined) continue;
    const names = changedNames(left(ctx, installation, name, now), now, hasMembers(name));
    changed[name] = [...new Set([...changed[name] ?? [], ...names])];
  }
  writeFileAtomic(changedPath(ctx, installation), JSON.stringify(changed) + "\n", { mode: 0o600 });
}

/** What the last activation left of a file, as far as that is known. */
function left(
  ctx: Context,
  installation: Installation,
  name: AccountFile,
  now: Uint8Array,
): Uint8Array {
  const after = saved(ctx, installation, "after", name);
  if (after !== undefined) return after;
  const before = saved(ctx, installation, "pending", name) ??
    saved(ctx, installation, "before", name) ?? now;
  return presumedAfter(before, now);
}

/** The whole folder appears at once, or not at all. */
function save(ctx: Context, installation: Installation, moment: Moment): void {
  const folder = folderOf(ctx, installation, moment);
  const unfinished = `${folder}.tmp`;
  removeIfExists(unfinished);
  ensureDirectory(unfinished, 0o700);
  const paths = [
    ...ACCOUNT_FILES.map((name) => [name, `/etc/${name}`] as const),
    ...DECLARED_FILES.map((name) => [name, `${DECLARED_FOLDER}/${name}`] as const),
  ];
  for (const [name, path] of paths) {
    const content = contentOf(ctx.root.host(path));
    if (content !== undefined) writeFileAtomic(`${unfinished}/${name}`, content, { mode: 0o600 });
  }
  removeIfExists(folder);
  rename(unfinished, folder);
  syncFolder(ctx.root.host(backupFolder(installation)));
}

/** A name that no earlier undoing used: what it kept stays. */
function undoMoment(ctx: Context, installation: Installation): Moment {
  for (let number = 1;; number++) {
    const moment: Moment = number === 1 ? "before-undo" : `before-undo-${number}`;
    if (!exists(folderOf(ctx, installation, moment))) return moment;
  }
}

function folderOf(ctx: Context, installation: Installation, moment: Moment): string {
  return ctx.root.host(`${backupFolder(installation)}/accounts-${moment}`);
}

function changedPath(ctx: Context, installation: Installation): string {
  return ctx.root.host(`${backupFolder(installation)}/accounts-changed.json`);
}

/** Damaged notes count as none: then less is left alone, and all of it is in the backups. */
function readChanged(ctx: Context, installation: Installation): Record<string, string[]> {
  try {
    return v.parse(
      ChangedSchema,
      JSON.parse(readTextIfExists(changedPath(ctx, installation)) ?? "{}"),
    );
  } catch {
    return {};
  }
}

function saved(
  ctx: Context,
  installation: Installation,
  moment: Moment,
  name: AccountFile,
): Uint8Array | undefined {
  return contentOf(`${folderOf(ctx, installation, moment)}/${name}`);
}

function present(ctx: Context, name: AccountFile): Uint8Array | undefined {
  return contentOf(ctx.root.host(`/etc/${name}`));
}

function contentOf(path: string): Uint8Array | undefined {
  return lstatIfExists(path)?.isFile ? readRegular(path) : undefined;
}

function replace(path: string, data: Uint8Array): void {
  const { mode, uid, gid } = lstatIfExists(path)!;
  writeFileAtomic(path, data, { mode: (mode ?? 0) & 0o7777, uid: uid ?? 0, gid: gid ?? 0 });
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
