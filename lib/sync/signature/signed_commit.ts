import { TransferError } from "../../git/transfer_error.ts";
import type { Context } from "../../machine/context.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Remote } from "../fetch/remote.ts";
import { rootTree } from "../fetch/target.ts";
import type { Manifest } from "../tree/manifest.ts";
import { CommitHistory } from "./commit_history.ts";
import type { Signers } from "./signers.ts";
import { verifyCommit } from "./verify_commit.ts";

/** A commit whose signature was verified. */
export interface SignedCommit {
  readonly signer: string;
  /**
   * Refuses to go on with anything else than what was verified.
   * @throws ToolError exit 6 for another commit, or one with another tree
   */
  requireOf(manifest: Pick<Manifest, "commit" | "tree">): void;
}

/**
 * Makes sure that a commit was signed by one of those who may, and comes after the one that the tree is
 * now: the commit object itself is fetched and verified, before any file is asked for.
 * @param previous the tree's commit; undefined where that is not known, or need not be an ancestor
 * @throws ToolError exit 6 for a commit that is not signed so, or does not come after the tree's; 5 when
 *   Git's protocol is not to be had; 2 as {@link verifyCommit}
 */
export async function requireSigned(
  ctx: Context,
  remote: Remote,
  wanted: { readonly commit: string; readonly previous: string | undefined },
  signers: Signers,
): Promise<SignedCommit> {
  const { previous } = wanted;
  const history = new CommitHistory();
  let commit: string;
  let tree: string;
  try {
    if (remote.gitProblem !== undefined) throw new TransferError("server", remote.gitProblem);
    const since = previous === wanted.commit ? undefined : previous;
    const request = { wants: [wanted.commit], only: "commits" } as const;
    await remote.git.fetch({ ...request, since }, history);
    // An older commit is among those that the server takes for being here.
    if (history.get(wanted.commit) === undefined) await remote.git.fetch(request, history);
    ({ commit, tree } = rootTree(wanted.commit, history));
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    if (error.problem === "absent") throw await remote.unknownCommit(wanted.commit);
    throw new ToolError(`signatures come by git's own protocol only: ${error.message}`, {
      code: ExitCode.Network,
      hint: "nothing was changed; try again later, or see what stands between it and this machine",
      cause: error,
    });
  }
  const signer = await verifyCommit(ctx, signers, commit, history.received(commit, "commit")!);
  if (previous !== undefined && !history.descends(commit, previous)) {
    throw new ToolError(
      `commit ${commit.slice(0, 12)} does not come after ${
        previous.slice(0, 12)
      }, which the tree is`,
      {
        code: ExitCode.Configuration,
        hint:
          "nothing was changed; the history was rewritten, or the commit is an older one: to go back " +
          "use --rollback, and to take it nevertheless name the repository with --repo",
      },
    );
  }
  ctx.log.info(`commit ${commit.slice(0, 12)} is signed by ${signer}`);
  return { signer, requireOf: (manifest) => requireSame(commit, tree, manifest) };
}

function requireSame(
  commit: string,
  tree: string,
  manifest: Pick<Manifest, "commit" | "tree">,
): void {
  if (manifest.commit === commit && manifest.tree === tree) return;
  throw new ToolError(`what came is not commit ${commit.slice(0, 12)}, which was verified`, {
    code: ExitCode.Configuration,
    hint: "nothing was changed; look at what stands between the server and this machine",
  });
}
