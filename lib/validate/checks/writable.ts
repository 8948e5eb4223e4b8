import { listIfExists, lstatIfExists } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import type { Context } from "../../machine/context.ts";
import { type Change, checksOf, fail, type Finding, pass, some } from "../check.ts";
import { octal, permissions, restrict, WRITABLE_BY_OTHERS } from "../ownership.ts";

/** What root builds the system from: who can write here can become root at the next rebuild. */
const FOLDERS = [places.hypervisor, places.nixos];

/** Nobody but root can change what the system is built from. */
export const writableChecks = checksOf("Security", [{
  id: "writable-files",
  title: "files of the flake",
  blocksUpdate: true,
  check: writable,
  fix,
}]);

interface Entry {
  readonly host: string;
  readonly info: Deno.FileInfo;
}

function writable(ctx: Context): Finding {
  const entries = FOLDERS.flatMap((folder) => [...below(ctx.root.follow(folder))]);
  const foreign = entries.filter(({ info }) => info.uid !== 0);
  const open = entries.filter(isOpen);
  if (foreign.length === 0 && open.length === 0) {
    return pass(`${entries.length} files and folders, root's alone to change`);
  }
  const items = [
    ...foreign.map(({ host, info }) => `${host} (user ${info.uid})`),
    ...open.map(({ host, info }) => `${host} (${octal(permissions(info))})`),
  ];
  const look = "see what may have been changed: smart-sync --dry-run --verbose; then ";
  return fail(
    `others than root can change ${some(items)}`,
    look + (foreign.length > 0 ? `chown -hR root:root ${foreign[0]!.host}` : "validator --fix"),
    items,
  );
}

/**
 * Takes away the permission to write. Files of another user stay: who owns them may have written
 * what is in them, and making them root's would only hide that.
 */
function fix(ctx: Context): Change[] {
  return FOLDERS.flatMap((folder) => [...below(ctx.root.follow(folder))])
    .filter((entry) => isOpen(entry) && entry.info.uid === 0)
    .flatMap(({ host }) => restrict(host, ~WRITABLE_BY_OTHERS, 0));
}

/** The mode of a link means nothing (symlink(7)). */
function isOpen({ info }: Entry): boolean {
  const mode = permissions(info);
  return !info.isSymlink && ((mode & 0o002) !== 0 || (mode & 0o020) !== 0 && info.gid !== 0);
}

function* below(host: string): Generator<Entry> {
  const info = lstatIfExists(host);
  if (info === undefined) return;
  yield { host, info };
  if (!info.isDirectory) return;
  for (const name of listIfExists(host)) {
    // A staging folder is root's alone, and what is in it is no part of any tree.
    if (!name.startsWith(".src-")) yield* below(`${host}/${name}`);
  }
}
