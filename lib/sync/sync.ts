import type { Context } from "../machine/context.ts";
import { machineHas } from "../machine/files/machine_files.ts";
import { places } from "../machine/places.ts";
import type { AskedChanges } from "./asked_changes.ts";
import { beginSync, type BegunSync } from "./begin.ts";
import { Look } from "./look.ts";
import type { SyncOptions, SyncSummary } from "./options.ts";
import type { Remote } from "./fetch/remote.ts";
import { remember } from "./remember.ts";
import type { SignedCommit } from "./signature/signed_commit.ts";
import type { Signers } from "./signature/signers.ts";
import { summaryOf } from "./summary.ts";
import { NOTHING_NEW } from "./fetch/target.ts";
import type { LocalIndex } from "./tree/index_file.ts";
import { untouchedPlan } from "./tree/untouched_plan.ts";

/**
 * Makes the source tree equal to a commit on GitHub, moving only what differs; with `dryRun` or
 * `checkOnly` finds out what that would mean and writes nothing at all. All or nothing: the tree
 * becomes the commit or stays what it was, whatever fails or whoever kills it. Local edits that are
 * replaced are backed up. A run that writes must hold the machine's lock and be root.
 * @param begun of the same options, when the servers were asked earlier than now
 * @throws ToolError exit 4 for an unknown ref or repository, 5 when the network or the servers fail, 6
 *   for another repository than the tree's, a commit that is not signed as it must be or cannot build
 *   this host, or hostile paths
 */
export async function syncTree(
  ctx: Context,
  options: SyncOptions,
  begun: Promise<BegunSync> = beginSync(ctx, options),
): Promise<SyncSummary> {
  const started = performance.now();
  try {
    // What is wrong with what was asked for is said before anything is made.
    const ready = await begun;
    const signers = await signersOf(ctx, options);
    await using look = await Look.at(ctx, options);
    return await sync(ctx, { ...options, signers }, look, ready, started);
  } finally {
    await begun.then((sync) => sync[Symbol.dispose](), () => {});
  }
}

/**
 * Nothing new is the usual answer: all that is needed for it, and no more, is loaded and done. The rest of
 * a sync is loaded when something differs, while what differs travels.
 */
async function sync(
  ctx: Context,
  options: SyncOptions & { readonly signers: Signers | undefined },
  look: Look,
  begun: BegunSync,
  started: number,
): Promise<SyncSummary> {
  const { index, rows, writes } = look;
  const differ = async () => {
    const { TreeDifference } = await import("./difference.ts");
    return new TreeDifference(ctx, options, look, begun);
  };
  // The tree is looked at while requests travel.
  const isUntouched = await rows?.isUntouched(look.tree.path) ?? false;
  const early = isUntouched ? undefined : differ();
  const settled = early?.catch(() => {});
  // What is made early is there before it is removed, also when the answer is a failure.
  await using _ = { [Symbol.asyncDispose]: async () => void await settled };
  const { commit, by } = await begun.resolving;
  ctx.log.debug(`${begun.remote.repository}@${begun.ref} is commit ${commit} (found by ${by})`);
  const signed = await signedCommit(ctx, options, look, begun, commit);
  const facts = {
    ...{ begun, signer: signed?.signer, previousCommit: look.state?.commit },
    ...{ written: writes, started },
  };
  const isSame = index?.manifest.commit === commit;
  if (rows && isUntouched && isSame) {
    const plan = untouchedPlan(rows);
    signed?.requireOf(plan.target);
    if (writes) await remember(ctx, look, begun, plan, false);
    const local = { checked: rows.checked, hashed: 0 };
    return summaryOf({ ...facts, local, plan, target: { ...NOTHING_NEW, manifest: plan.target } });
  }
  using asked = rows && !isSame && begun.remote.gitProblem === undefined
    ? await askForChanges(begun.remote, commit, rows.index, writes)
    : undefined;
  const difference = await (early ?? differ());
  return summaryOf({ ...facts, ...await difference.settle(commit, signed, asked) });
}

/** Who has to have signed the commit; undefined where nobody has. */
async function signersOf(ctx: Context, options: SyncOptions): Promise<Signers | undefined> {
  const { signedBy = machineHas(ctx, places.signers) } = options;
  if (signedBy === false) return undefined;
  const { findSigners } = await import("./signature/signers.ts");
  return findSigners(ctx, signedBy === true ? undefined : signedBy);
}

/** `--repo` is an explicit wish: what is there then need not come after what was there. */
async function signedCommit(
  ctx: Context,
  { signers, repo }: SyncOptions & { readonly signers: Signers | undefined },
  { state }: Look,
  { remote }: BegunSync,
  commit: string,
): Promise<SignedCommit | undefined> {
  if (signers === undefined) return undefined;
  const { requireSigned } = await import("./signature/signed_commit.ts");
  const previous = repo === undefined ? state?.commit : undefined;
  return await requireSigned(ctx, remote, { commit, previous }, signers);
}

/** Git builds them on what is here. */
async function askForChanges(
  { git }: Remote,
  commit: string,
  { manifest }: LocalIndex,
  writes: boolean,
): Promise<AskedChanges> {
  const { AskedChanges } = await import("./asked_changes.ts");
  const request = { wants: [commit], have: manifest.commit };
  return new AskedChanges(git, writes ? request : { ...request, only: "trees" });
}
