import { attempt } from "../attempt.ts";
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
  return new Backups(ctx, installation).folder("after");
}

/**
 * Saves the account files as they are before an activation: it removes accounts, and a return to the
 * previous generation does not bring them back. What differs from what the activation before it left,
 * people changed: that is noted, because the next activation's result holds it too.
 * @throws ToolError as `withAccountLock`
 */
export async function saveAccountsBefore(ctx: Context, installation: Installation): Promise<void> {
  const backups = new Backups(ctx, installation);
  await withAccountLock(ctx, () => {
    if (backups.has("before")) backups.noteChanged();
    else backups.save("before");
    backups.save("pending");
  });
}

/** Saves them as nixos-install left them, which has no activation of its own to do it. */
export async function saveAccountsAfter(ctx: Context, installation: Installation): Promise<void> {
  await withAccountLock(ctx, () => new Backups(ctx, installation).save("after"));
}

/**
 * Makes NixOS take for declared what it did before the installation: right before the system of then is
 * activated again, which would remove every account that only a later one declared.
 */
export async function restoreDeclarations(ctx: Context, installation: Installation): Promise<void> {
  const backups = new Backups(ctx, installation);
  if (!backups.has("before")) return;
  await withAccountLock(ctx, () => {
    for (const name of DECLARED_FILES) {
      const saved = backups.saved("before", name);
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
  const backups = new Backups(ctx, installation);
  if (!backups.has("before")) return [];
  return await withAccountLock(ctx, () => {
    const changed = backups.changed();
    const restored = ACCOUNT_FILES.flatMap((name) => {
      const before = backups.saved("before", name);
      const now = backups.present(name);
      if (before === undefined || now === undefined) return [];
      const after = backups.left(name, now);
      const people = new Set(changed[name]);
      const { data, kept } = mergeAccountFile(before, after, now, people, hasMembers(name));
      return equal(data, now) ? [] : [{ name, data, kept }];
    });
    if (restored.length > 0) backups.save(backups.undoMoment());
    for (const { name, data } of restored) replace(ctx.root.host(`/etc/${name}`), data);
    return restored.map(({ name, kept }) => ({ path: `/etc/${name}`, keptNames: kept }));
  });
}

/** What is saved of one installation's account files. */
class Backups {
  readonly #folder: string;

  constructor(private readonly ctx: Context, installation: Installation) {
    this.#folder = ctx.root.host(backupFolder(installation));
  }

  folder(moment: Moment): string {
    return `${this.#folder}/accounts-${moment}`;
  }

  has(moment: Moment): boolean {
    return exists(this.folder(moment));
  }

  saved(moment: Moment, name: string): Uint8Array | undefined {
    return contentOf(`${this.folder(moment)}/${name}`);
  }

  present(name: AccountFile): Uint8Array | undefined {
    return contentOf(this.ctx.root.host(`/etc/${name}`));
  }

  /** What the last activation left of a file, as far as that is known. */
  left(name: AccountFile, now: Uint8Array): Uint8Array {
    return this.saved("after", name) ??
      presumedAfter(this.saved("pending", name) ?? this.saved("before", name) ?? now, now);
  }

  /** The whole folder appears at once, or not at all. */
  save(moment: Moment): void {
    const folder = this.folder(moment);
    const unfinished = `${folder}.tmp`;
    removeIfExists(unfinished);
    ensureDirectory(unfinished, 0o700);
    const paths = [
      ...ACCOUNT_FILES.map((name) => [name, `/etc/${name}`] as const),
      ...DECLARED_FILES.map((name) => [name, `${DECLARED_FOLDER}/${name}`] as const),
    ];
    for (const [name, path] of paths) {
      const content = contentOf(this.ctx.root.host(path));
      if (content !== undefined) writeFileAtomic(`${unfinished}/${name}`, content, { mode: 0o600 });
    }
    removeIfExists(folder);
    rename(unfinished, folder);
    syncFolder(this.#folder);
  }

  /** A name that no earlier undoing used: what it kept stays. */
  undoMoment(): Moment {
    for (let number = 1;; number++) {
      const moment: Moment = number === 1 ? "before-undo" : `before-undo-${number}`;
      if (!this.has(moment)) return moment;
    }
  }

  /** Adds to what is noted the names whose lines are not what the last activation left. */
  noteChanged(): void {
    const changed = this.changed();
    for (const name of ACCOUNT_FILES) {
      const now = this.present(name);
      if (now === undefined) continue;
      const names = changedNames(this.left(name, now), now, hasMembers(name));
      changed[name] = [...new Set([...changed[name] ?? [], ...names])];
    }
    writeFileAtomic(this.#changedPath, JSON.stringify(changed) + "\n", { mode: 0o600 });
  }

  /** Damaged notes count as none: then less is left alone, and all of it is in the backups. */
  changed(): Record<string, string[]> {
    const read = () => JSON.parse(readTextIfExists(this.#changedPath) ?? "{}");
    return attempt(() => v.parse(ChangedSchema, read())) ?? {};
  }

  get #changedPath(): string {
    return `${this.#folder}/accounts-changed.json`;
  }
}

/** Whether the last field of the file's lines is a list of accounts; group(5), gshadow(5). */
function hasMembers(name: AccountFile): boolean {
  return name === "group" || name === "gshadow";
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
