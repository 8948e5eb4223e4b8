import { headerOf } from "../../git/git_objects.ts";
import { damaged } from "../../git/transfer_error.ts";
import type { Context } from "../../machine/context.ts";
import type { ContentStore } from "../apply/content_store.ts";
import type { Manifest } from "../tree/manifest.ts";
import type { Remote } from "./remote.ts";

/** A commit with its paths. */
export interface TargetTree {
  readonly manifest: Manifest;
  /** The manifest of the commit that was asked for besides. */
  readonly base: Manifest | undefined;
  /** Sizes of files, when a server told them. */
  readonly sizes: ReadonlyMap<string, number>;
  /** How it came: shown to the user. */
  readonly transport: string;
  readonly reason: string;
}

/** A commit that is fetched: from where, and where what comes is kept. */
export interface CommitFetch {
  readonly ctx: Context;
  readonly remote: Remote;
  readonly commit: string;
  readonly store: ContentStore;
}

/** What is said of a target when the tree's own commit is still the one that is wanted. */
export const NOTHING_NEW: Omit<TargetTree, "manifest"> = {
  base: undefined,
  sizes: new Map<string, number>(),
  transport: "none",
  reason: "the commit is the one that was synced last",
};

/**
 * A commit that was received and its root tree; follows an annotated tag that was named by its own SHA.
 * @throws TransferError when it was not received
 */
export function rootTree(
  name: string,
  store: Pick<ContentStore, "received">,
): { commit: string; tree: string } {
  for (let sha = name, depth = 0; depth < 10; depth++) {
    const commit = store.received(sha, "commit");
    if (commit) return { commit: sha, tree: headerOf(commit, "tree") };
    const tag = store.received(sha, "tag");
    if (tag === undefined) break;
    sha = headerOf(tag, "object");
  }
  throw damaged(`the pack does not hold commit ${name}`);
}
