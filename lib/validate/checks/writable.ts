import { readAccounts } from "../../machine/accounts/accounts.ts";
import { type ForeignPart, foreignPart, type MayWrite } from "../../machine/files/file_trust.ts";
import { isAbsent, listIfExists, lstatIfExists, parentOf } from "../../machine/files/files.ts";
import { ownerOfBase, placeOfBase, usableHostRecord } from "../../machine/host_record.ts";
import { places } from "../../machine/places.ts";
import { shellWord } from "../../machine/shell_words.ts";
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
  const tooMuch = FOLDERS.find((folder) => holdsSystem(ctx, folder));
  if (tooMuch !== undefined) {
    return fail(
      `${tooMuch} leads to ${ctx.root.realPath(tooMuch)}, which holds more than a configuration`,
      "let it be a folder, or lead to one of its own",
    );
  }
  const entries = FOLDERS.flatMap((folder) => [...below(ctx.root.follow(folder))]);
  const base = baseOf(ctx);
  const isBases = (uid: number | null) => base?.uid !== undefined && uid === base.uid;
  const foreign = entries.filter(({ host, info }) =>
    info.uid !== 0 && !(isBases(info.uid) && isIn(base!.folder, host))
  );
  const open = entries.filter(isOpen);
  const mayWrite = (uid: number) => uid === 0 || isBases(uid);
  const links = [
    ...FOLDERS.map((folder) => ctx.root.host(folder)),
    ...entries.filter(({ info }) => info.isSymlink).map(({ host }) => host),
    ...(base === undefined ? [] : [ctx.root.host(base.file)]),
  ].flatMap((host) => {
    const part = byOthers(ctx, host, mayWrite);
    // What is in the folders was looked at for itself.
    return part === undefined || entries.some((one) => one.host === part.path)
      ? []
      : [{ host, ...part, uid: lstatIfExists(part.path)?.uid ?? 0 }];
  });
  const items = [
    ...foreign.map(({ host, info }) => `${host} (user ${info.uid})`),
    ...open.map(({ host, info }) => `${host} (${octal(permissions(info))})`),
    ...new Set(links.map(({ host, path, problem }) => `${host} (${path} ${problem})`)),
  ];
  const [link] = links;
  // An owner may keep parts at home; the sources and what is generated are nobody's.
  const isOwners = base?.uid === undefined && items.length === links.length &&
    links.every(({ host, uid }) =>
      uid === link!.uid && !mayWrite(uid) && isIn(ctx.root.host(places.nixos), host)
    );
  if (link !== undefined && isOwners) {
    return warn(
      `${link.host} leads to what belongs to ${nameOf(ctx, link.uid)}, who thereby controls root`,
      "if that is not as it should be: put what it leads to in its place, as root's own",
      items,
    );
  }
  if (items.length === 0 && base?.uid) {
    return warn(
      `your configuration ${base.folder} belongs to ${base.name}, who thereby controls root`,
      `if that is not as it should be: chown -hR root:root ${
        shellWord(base.folder)
      }, and edit it with sudo`,
    );
  }
  if (items.length === 0) {
    return pass(`${entries.length} files and folders, root's alone to change`);
  }
  const look = "see what may have been changed: smart-sync --dry-run --verbose; then ";
  const repair = foreign.length > 0
    ? `chown -hR root:root ${shellWord(foreign[0]!.host)}`
    : open.length > 0
    ? "validator --fix"
    : "let root alone own and write what it names";
  return fail(`others than root can change ${some(items)}`, look + repair, items);
}

/** By which part of a path others than these could put something else there. */
function byOthers(ctx: Context, host: string, mayWrite: MayWrite): ForeignPart | undefined {
  try {
    if (ctx.root.isRunning) return foreignPart(host, mayWrite);
    // The links of a mounted machine lead through its own folders.
    return foreignPart(ctx.root.follow(ctx.root.machine(host)), mayWrite, ctx.root.path);
  } catch (error) {
    // A link that leads nowhere is no part of the system; the next build says so.
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The owner's own configuration, and where it is one user's: an installation takes it so. */
function baseOf(ctx: Context) {
  const record = usableHostRecord(ctx);
  const base = record?.base ?? null;
  const place = base && placeOfBase(base);
  if (!base || !place) return undefined;
  const uid = ownerOfBase(ctx, base) || undefined;
  const real = ctx.root.follow(place);
  const folder = base.kind === "channel" ? parentOf(real) : real;
  const file = base.kind === "channel" ? place : `${base.directory ?? place}/flake.nix`;
  return { uid, name: nameOf(ctx, uid ?? 0), folder, file };
}

function nameOf(ctx: Context, uid: number): string {
  return readAccounts(ctx).accounts.find((account) => account.uid === uid)?.name ?? `user ${uid}`;
}

/** Whether a link makes all of the system a part of a folder: nothing there is to be looked at, or closed. */
function holdsSystem(ctx: Context, folder: string): boolean {
  const real = ctx.root.realPath(folder);
  return real === "/" || isIn(real, "/etc");
}

function isIn(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/**
 * Takes away the permission to write. Files of another user stay: who owns them may have written
 * what is in them, and making them root's would only hide that.
 */
function fix(ctx: Context): Change[] {
  return FOLDERS.filter((folder) => !holdsSystem(ctx, folder))
    .flatMap((folder) => [...below(ctx.root.follow(folder))])
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
