import { isExecutable, kindOf } from "../../git/git_objects.ts";
import { fileHash, linkHash } from "../../machine/tree/blob_hash.ts";
import { counted } from "../../layout/counted.ts";
import { exists, lstatIfExists } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { sourceTree } from "../../machine/tree/source_tree.ts";
import { currentSystem } from "../../nix/generations.ts";
import { systemRecord } from "../../nix/system_record.ts";
import { isExcluded } from "../../machine/tree/excluded.ts";
import { readIndex, readSyncState } from "../../sync/state.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, type Finding, pass, skip, some, warn } from "../check.ts";
import type { Facts } from "../facts.ts";

/** Which commit the sources are, and which one runs. */
export const syncedTreeChecks = checksOf("Core Directories", [
  {
    id: "synced-files",
    title: "last synced commit",
    severity: "warning",
    quick: false,
    check: syncedFiles,
  },
  {
    id: "running-commit",
    group: "System Services",
    title: "running commit",
    severity: "warning",
    check: runningCommit,
  },
]);

async function syncedFiles(ctx: Context, facts: Facts): Promise<Finding> {
  facts.requireInstalled();
  const state = readSyncState(ctx);
  if (state === undefined) return skip("the tree was never synced: nothing to compare it with");
  const index = await readIndex(ctx, state);
  const commit = state.commit.slice(0, 12);
  if (index === undefined) {
    return skip(`the files of ${commit} are not known: smart-sync learns them`);
  }
  const { path } = sourceTree(ctx);
  if (!exists(path)) return skip(`there is no ${places.source}`);
  const known = new Set<string>();
  const differences: string[] = [];
  for (const entry of index.manifest.entries) {
    known.add(entry.path);
    const kind = kindOf(entry.mode);
    if (kind === "gitlink" || kind === "tree" || isExcluded(entry.path)) continue;
    const info = lstatIfExists(`${path}/${entry.path}`);
    if (info === undefined) differences.push(`missing: ${entry.path}`);
    else if (
      !isOfKind(info, entry.mode) || contentOf(`${path}/${entry.path}`, info) !== entry.sha
    ) {
      differences.push(`modified: ${entry.path}`);
    }
  }
  for (const extra of extraFiles(path, known)) differences.push(`extra: ${extra}`);
  return differences.length === 0
    ? pass(`the tree is ${state.repository} ${commit} (${state.ref})`)
    : warn(
      `differs from ${commit} in ${counted(differences.length, "file")}: ${some(differences)}`,
      "smart-sync --dry-run --verbose shows what it would put back; it keeps a backup",
      differences,
    );
}

/** A file may hold what a link of the commit names, and a script may have lost its mode. */
function isOfKind(info: Deno.FileInfo, mode: number): boolean {
  if (kindOf(mode) === "symlink") return info.isSymlink;
  return info.isFile && isExecutable(mode) === (((info.mode ?? 0) & 0o100) !== 0);
}

/** The blob's name; undefined for what is neither file nor link. */
function contentOf(path: string, info: Deno.FileInfo): string | undefined {
  if (info.isSymlink) return linkHash(path);
  return info.isFile ? fileHash(path, info.size) : undefined;
}

function* extraFiles(tree: string, known: ReadonlySet<string>, below = ""): Generator<string> {
  const entries = [...Deno.readDirSync(`${tree}/${below}`)];
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = below + name;
    if (isExcluded(path, isDirectory)) continue;
    if (!isDirectory) {
      if (!known.has(path)) yield path;
    } else if (known.has(path)) yield* extraFiles(tree, known, `${path}/`);
    else if (holdsFiles(`${tree}/${path}`)) yield `${path}/`;
  }
}

/** Git knows no empty folders. */
function holdsFiles(folder: string): boolean {
  return [...Deno.readDirSync(folder)].some(({ name, isDirectory }) =>
    !isDirectory || holdsFiles(`${folder}/${name}`)
  );
}

function runningCommit(ctx: Context, facts: Facts): Finding {
  facts.requireInstalled();
  const state = readSyncState(ctx);
  if (state === undefined) return skip("the tree was never synced");
  const built = systemRecord(ctx, currentSystem(ctx))?.commit ?? undefined;
  if (built === undefined) return skip("the running system does not say what it was built from");
  return built === state.commit
    ? pass(`the running system was built from ${built.slice(0, 12)}`)
    : warn(
      `the running system is of ${built.slice(0, 12)}, ${places.source} of ${
        state.commit.slice(0, 12)
      }`,
      "rebuild-helper switch",
    );
}
