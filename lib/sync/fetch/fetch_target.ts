import { beyondBound, Bounds } from "../../git/bounds.ts";
import { headerOf, kindOf } from "../../git/git_objects.ts";
import type { ListedEntry, RestApi } from "../../github/rest.ts";
import { TransferError } from "../../git/transfer_error.ts";
import type { AskedChanges } from "../asked_changes.ts";
import {
  manifestFromList,
  manifestFromTrees,
  type ManifestTrees,
  MissingTree,
} from "../tree/manifest_trees.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { STEPS, TransferNote } from "./progress_note.ts";
import { type CommitFetch, rootTree, type TargetTree } from "./target.ts";
import type { WholeArchive } from "./whole_archive.ts";

/** What is known here that makes it cheaper to learn the paths of a commit. */
export interface Known {
  /** The commit of the tree here, whose files the server may build on. */
  readonly have: string | undefined;
  readonly trees: ManifestTrees | undefined;
  /** A commit whose paths are wanted besides, because only its name is known. */
  readonly also: string | undefined;
  /** What the commit has otherwise than {@link have}, where that was asked for already. */
  readonly asked?: AskedChanges | undefined;
  /** Contents are wanted too: nothing is here, or all is to be downloaded. */
  readonly everything: boolean;
  /** The archive of everything, in that case. */
  readonly archive: WholeArchive | undefined;
  /** Paths are enough; contents are not wanted now. */
  readonly pathsOnly: boolean;
}

/**
 * Learns the paths of a commit, and with Git's protocol gets the changed contents in the same answer.
 * @throws ToolError exit 4 when there is no such commit, 5 when no server gives it, 6 for a hostile path
 */
export async function fetchTarget(fetch: CommitFetch, known: Known): Promise<TargetTree> {
  const { remote, commit, store } = fetch;
  if (remote.gitProblem === undefined) {
    try {
      return await fetchByArchive(fetch, known) ?? await fetchByGit(fetch, known);
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      // The server itself says so; a status could come from anything on the way to it.
      if (error.problem === "absent" && error.details.status === undefined) {
        // The commit here may never have been pushed, or be gone since.
        if (known.also) return await fetchTarget(fetch, { ...known, also: undefined });
        throw await remote.unknownCommit(commit);
      }
      remote.giveUpGit(error);
    }
  }
  try {
    const target = await fetchByApi(fetch);
    store.settle(target.manifest);
    return target;
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    const { status } = error.details;
    throw status === 404 || status === 422
      ? await remote.unknownCommit(commit)
      : remote.failure(error);
  }
}

async function fetchByArchive(
  fetch: CommitFetch,
  { archive }: Known,
): Promise<TargetTree | undefined> {
  if (archive === undefined) return undefined;
  const { receiveArchive } = await import("./archive_target.ts");
  return await receiveArchive(fetch, archive);
}

async function fetchByGit(fetch: CommitFetch, known: Known): Promise<TargetTree> {
  const { ctx, remote, commit, store } = fetch;
  const { have, trees, also } = known;
  const pathsOnly = known.pathsOnly || (have === undefined && !known.everything);
  const progress = ctx.ui.progress("Receiving objects", STEPS);
  const note = new TransferNote(remote.http.bytes);
  try {
    const update = (done: number, total: number) =>
      progress.update(
        Math.floor(STEPS * done / total),
        note.text(done, total, "objects", remote.http.bytes),
      );
    if (known.asked) await known.asked.receive(store, update);
    else {
      const wants = also ? [commit, also] : [commit];
      await remote.git.fetch({ wants, have, only: pathsOnly ? "trees" : undefined }, store, update);
    }
    const { commit: peeled, tree } = rootTree(commit, store);
    const source = (sha: string) => store.received(sha, "tree");
    const manifest = manifestFromTrees(peeled, tree, source, trees);
    const old = also && store.received(also, "commit");
    progress.done(`${describe(have, pathsOnly)} received`);
    return {
      manifest,
      base: old ? manifestFromTrees(also, headerOf(old, "tree"), source) : undefined,
      sizes: new Map(),
      transport: have ? "git deltas" : pathsOnly ? "git trees" : "git pack",
      reason: have
        ? "the server knows what is here, so one answer brings only what differs"
        : pathsOnly
        ? "the paths are compared first, without their contents"
        : "all files are wanted, and there is no archive of them",
    };
  } catch (error) {
    progress.fail("receiving objects stopped");
    if (!(error instanceof MissingTree) || have === undefined) throw error;
    // The server believed that more is here than there is.
    ctx.log.debug(`${error.message}: asking again for all paths`);
    return await fetchByGit(fetch, { ...known, have: undefined, asked: undefined });
  }
}

function describe(have: string | undefined, pathsOnly: boolean): string {
  return pathsOnly ? "paths" : have ? "changes" : "all files";
}

async function fetchByApi({ ctx, remote, commit }: CommitFetch): Promise<TargetTree> {
  const rest = await remote.rest();
  const [tree, listing] = await Promise.all([
    rest.treeOf(commit),
    rest.listing(commit, true),
  ]);
  let entries = listing.entries;
  if (listing.truncated) {
    ctx.log.debug("GitHub cut the list of paths off: walking the folders");
    entries = await walk(rest, tree, "");
  }
  const manifest = manifestFromList(commit, entries, tree);
  if (manifest.tree !== tree) {
    throw new ToolError(`GitHub's API does not list commit ${commit} as it is`, {
      code: ExitCode.Network,
      hint:
        "nothing was changed; the modes of files in old repositories (100664) are not told by " +
        `the API: git's protocol is needed (${remote.gitProblem}); otherwise something on the way ` +
        "changes what the API answers: see HTTPS_PROXY",
    });
  }
  const sizes = new Map<string, number>();
  for (const { path, size } of entries) if (size !== undefined) sizes.set(path, size);
  return {
    manifest,
    base: undefined,
    sizes,
    transport: "api",
    reason: `git's protocol is not usable (${remote.gitProblem})`,
  };
}

/** All entries below a tree whose recursive listing is too long for one answer. */
async function walk(
  rest: RestApi,
  tree: string,
  prefix: string,
  depth = 0,
): Promise<ListedEntry[]> {
  if (depth > 128) throw beyondBound("the commit has folders in each other without end");
  const { entries, truncated } = await rest.listing(tree, false);
  if (truncated) throw new TransferError("server", `cuts the folder "${prefix || "/"}" off`);
  const found: ListedEntry[] = [];
  for (const entry of entries) {
    const path = prefix + entry.path;
    found.push({ ...entry, path });
    if (kindOf(entry.mode) !== "tree") continue;
    const below = await rest.listing(entry.sha, true);
    const complete = below.truncated ? await walk(rest, entry.sha, "", depth + 1) : below.entries;
    for (const inner of complete) found.push({ ...inner, path: `${path}/${inner.path}` });
    if (found.length > Bounds.entries) throw beyondBound("the commit has far too many paths");
  }
  return found;
}
