import * as v from "valibot";
import { kindOf, Mode } from "../../git/git_objects.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { readTextIfExists } from "../../machine/files/files.ts";
import { readRegular } from "../../machine/files/regular_file.ts";
import { isExcluded } from "../../machine/tree/excluded.ts";
import { places } from "../../machine/places.ts";
import { createStaging, sourceTree } from "../../machine/tree/source_tree.ts";
import { openStateFolder } from "../../machine/state_folder.ts";
import { parsedAs } from "../../machine/parsed_as.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { discardChange, recoverSourceTree } from "../../machine/tree/tree_recovery.ts";
import type { Context } from "../../machine/context.ts";
import { applyChange } from "./apply.ts";
import { LocalTree } from "../tree/local_tree.ts";
import type { ManifestEntry } from "../tree/manifest.ts";
import { manifestFromList, UNKNOWN_COMMIT } from "../tree/manifest_trees.ts";
import { planSync } from "../tree/planner.ts";
import { previousFiles, readPreviousIndex, readRecord } from "./previous.ts";
import { settlePlan } from "./second_look.ts";
import { readIndex, readSyncState } from "../state.ts";

/** What going back did. */
export interface RollbackSummary {
  /** The commit that the tree was before. */
  readonly from: string;
  /** The commit that it is again; undefined when it was not known then either. */
  readonly to: string | undefined;
  readonly restored: number;
  readonly removed: number;
  /** Changed since the sync, and replaced: in `backup`. */
  readonly edited: readonly string[];
  /** Changed or removed since the sync, and left as they are: nothing of before belongs there. */
  readonly kept: readonly string[];
  /** Machine path. */
  readonly backup: string | undefined;
}

/**
 * Restores the source tree as it was before the last sync, local edits of then included; no network
 * is needed. What was changed since is backed up where the sync had replaced something, and left as it
 * is elsewhere. Rolling back again goes forward again. The caller holds the machine's lock and is root.
 * @throws ToolError exit 6 when there is nothing to go back to, or from
 */
export async function rollbackTree(ctx: Context): Promise<RollbackSummary> {
  using _ = openStateFolder(ctx);
  await recoverSourceTree(ctx);
  const tree = sourceTree(ctx);
  const record = readRecord(tree.previous);
  const state = readSyncState(ctx);
  const index = state && await readIndex(ctx, state);
  if (record === undefined || index === undefined || record.to !== state?.commit) {
    throw new ToolError("there is no previous tree to go back to", {
      code: ExitCode.Configuration,
      hint: "a commit can be named instead: smart-sync --ref SHA",
    });
  }
  const files = new Map<string, ManifestEntry>();
  for (const entry of index.manifest.entries) files.set(entry.path, entry);
  for (const path of record.added) files.delete(path);
  for (const { path, executable } of record.modes) {
    const entry = files.get(path);
    if (entry) files.set(path, { ...entry, mode: executable ? Mode.Executable : Mode.File });
  }
  const old = previousFiles(tree.previous);
  const sources = new Map<string, string>();
  for (const entry of old) {
    files.set(entry.path, entry);
    sources.set(entry.sha, `${tree.previous}/tree/${entry.path}`);
  }
  const to = parsedAs(v.object({ commit: v.string() }), record.state ?? "")?.commit;
  const list = withoutFoldersInTheWay([...files.values()], old);
  const restored = new Set(old.map(({ path }) => path));
  let gone: readonly ManifestEntry[] = [];

  const staging = createStaging(ctx, tree);
  try {
    const now = () => new LocalTree(tree.path, index, 0);
    const planFor = (local: LocalTree) => {
      if (local.at("") === undefined) throw treeGone();
      const isWanted = (entry: ManifestEntry) => restored.has(entry.path) || isHere(local, entry);
      gone = list.filter((entry) => !isWanted(entry) && local.at(entry.path) === undefined);
      const target = manifestFromList(to ?? UNKNOWN_COMMIT, list.filter(isWanted));
      return planSync(local, target, index.manifest);
    };
    const first = now();
    await first.scan();
    const { plan, operations } = await settlePlan(
      { local: first, plan: planFor(first) },
      now,
      planFor,
    );
    const { backup, edited, left } = await applyChange(ctx, {
      tree,
      staging,
      plan,
      operations,
      contents: {
        // All that is staged was replaced: the rest is here.
        of: ({ sha }) => contentOf(sources.get(sha)!),
      },
      stateBefore: readTextIfExists(tree.state),
      stateAfter: record.state ?? undefined,
      indexAfter: readPreviousIndex(tree.previous) ?? new Uint8Array(),
    });
    return {
      from: record.to,
      to,
      restored: plan.added.length + plan.updated.length + plan.modes.length,
      removed: plan.deleted.length - left.length,
      edited,
      kept: [...plan.kept, ...left, ...gone.map(({ path }) => path)].sort(),
      backup,
    };
  } finally {
    await discardChange(ctx, staging);
  }
}

function contentOf(path: string): Uint8Array {
  return Deno.lstatSync(path).isSymlink
    ? new TextEncoder().encode(Deno.readLinkSync(path))
    : readRegular(path, Infinity);
}

/** Whether a file that the sync did not replace has the content that it had. */
function isHere(local: LocalTree, { path, mode, sha }: ManifestEntry): boolean {
  const kind = kindOf(mode);
  if (kind === "tree" || kind === "gitlink" || isExcluded(path)) return true;
  const there = local.at(path);
  return there?.kind === kind && there.sha === sha;
}

function treeGone(): ToolError {
  return new ToolError(`${places.source} is gone, and only what the last sync replaced is kept`, {
    code: ExitCode.Configuration,
    hint: "nothing was changed; smart-sync brings the whole tree",
  });
}

/** A path is a file or a folder: where both are listed, the old one is right. */
function withoutFoldersInTheWay(
  files: readonly ManifestEntry[],
  old: readonly ManifestEntry[],
): ManifestEntry[] {
  const folders = new Set<string>();
  for (const { path } of old) {
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
      folders.add(path.slice(0, at));
    }
  }
  const names = new Set(old.map(({ path }) => path));
  return files.filter(({ path }) => {
    if (names.has(path)) return true;
    if (folders.has(path)) return false;
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
      if (names.has(path.slice(0, at))) return false;
    }
    return true;
  });
}
