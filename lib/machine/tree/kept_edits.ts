import type { Context } from "../context.ts";
import { filesBelow } from "./files_below.ts";
import {
  copyFile,
  ensureDirectory,
  freeName,
  lstatIfExists,
  makeLink,
  parentOf,
  readLinkIfExists,
  readTextIfExists,
  removeIfExists,
} from "../files/files.ts";
import { places } from "../places.ts";
import { staged } from "./tree_journal.ts";
import { syncToDisk } from "./tree_sync.ts";

/** Edits that were replaced although nobody knew of them when the change was planned. */
export interface KeptEdits {
  /** Machine path of the backup that holds them. */
  readonly folder: string;
  /** Relative to it. */
  readonly paths: readonly string[];
}

/** What a staging folder may name as its backup. */
const BACKUP = new RegExp(`^${places.backups}/sync-[^/]+$`);

/** The backup (machine path) that a staging folder names. */
export function backupOf(staging: string): string | undefined {
  const folder = readTextIfExists(staged.backup(staging));
  return folder !== undefined && BACKUP.test(folder) ? folder : undefined;
}

/**
 * Makes the folder of a backup, `backups/sync-<time>/`, which the staging folder names before it is there,
 * so that a change that does not happen leaves none.
 * @returns its machine path
 */
export function makeBackup(ctx: Context, staging: string): string {
  const time = ctx.now().toISOString().slice(0, 19).replaceAll(":", "");
  let folder = `${places.backups}/sync-${time}`;
  for (let n = 2; lstatIfExists(ctx.root.host(folder)); n++) {
    folder = `${places.backups}/sync-${time}-${n}`;
  }
  Deno.writeTextFileSync(staged.backup(staging), folder);
  ensureDirectory(ctx.root.host(folder), 0o700);
  return folder;
}

/**
 * Copies a file with permissions and times, or a link as a link, making the folders above it.
 * @returns the host paths of what must be brought to the disk
 */
export function copyToBackup(from: string, to: string): string[] {
  ensureDirectory(parentOf(to), 0o700);
  const info = lstatIfExists(from);
  if (info?.isSymlink) makeLink(readLinkIfExists(from) ?? "", to);
  else if (info?.isFile) copyFile(from, to);
  return [to, parentOf(to)];
}

/**
 * Brings the edits that a change found in its way to its backup. Done again after an interruption, it goes
 * on where it was.
 */
export async function keepEdits(ctx: Context, staging: string): Promise<KeptEdits | undefined> {
  const top = staged.kept(staging);
  const files = filesBelow(top, "");
  if (files.length === 0) return undefined;
  const folder = backupOf(staging) ?? makeBackup(ctx, staging);
  const backup = ctx.root.host(folder);
  ensureDirectory(backup, 0o700);
  const written = [staged.backup(staging), backup];
  const paths: string[] = [];
  for (const file of files) {
    // The first component is only what they are kept under.
    const path = file.slice(file.indexOf("/") + 1);
    // An edit of the same file that was known before is there already.
    const free = freeName(`${backup}/${path}`);
    written.push(...copyToBackup(`${top}/${file}`, free));
    paths.push(free.slice(backup.length + 1));
  }
  await syncToDisk(written);
  removeIfExists(top);
  return { folder, paths };
}
