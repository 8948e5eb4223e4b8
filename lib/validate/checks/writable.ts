import { readAccounts } from "../../machine/accounts/accounts.ts";
import { listIfExists, lstatIfExists, parentOf } from "../../machine/files/files.ts";
import { ownerOfBase, placeOfBase, usableHostRecord } from "../../machine/host_record.ts";
import { places } from "../../machine/places.ts";
import { shellWord } from "../../machine/run.ts";
import type { Context } from "../../machine/context.ts";
import { type Change, checksOf, fail, type Finding, pass, some, warn } from "../check.ts";
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
  const base = baseOfOther(ctx);
  const foreign = entries.filter(({ host, info }) =>
    info.uid !== 0 && !(base && info.uid === base.uid && isIn(base.folder, host))
  );
  const open = entries.filter(isOpen);
  if (foreign.length === 0 && open.length === 0 && base !== undefined) {
    return warn(
      `your configuration ${base.folder} belongs to ${base.name}, who thereby controls root`,
      `if that is not as it should be: chown -hR root:root ${
        shellWord(base.folder)
      }, and edit it with sudo`,
    );
  }
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
    look +
      (foreign.length > 0
        ? `chown -hR root:root ${shellWord(foreign[0]!.host)}`
        : "validator --fix"),
    items,
  );
}

/** The folder of the owner's own configuration, where it is one user's: an installation takes it so. */
function baseOfOther(ctx: Context) {
  const record = usableHostRecord(ctx);
  const base = record?.version === 2 ? record.base : null;
  const place = base && placeOfBase(base);
  const uid = base && ownerOfBase(ctx, base);
  if (!base || !place || !uid) return undefined;
  const folder = ctx.root.host(base.kind === "channel" ? parentOf(place) : place);
  const { accounts } = readAccounts(ctx);
  const name = accounts.find((account) => account.uid === uid)?.name ?? `user ${uid}`;
  return { uid, name, folder };
}

function isIn(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
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
