import { sameRepository } from "../github/endpoints.ts";
import { ensureDirectory, parentOf, writeFileAtomic } from "../machine/files/files.ts";
import type { Context } from "../machine/context.ts";
import type { BegunSync } from "./begin.ts";
import type { Look } from "./look.ts";
import { encodeState, type SyncState } from "./state.ts";
import { encodeIndex } from "./tree/index_file.ts";
import type { SyncPlan } from "./tree/plan.ts";

/** The state after a sync. */
export function stateAfter(ctx: Context, begun: BegunSync, plan: SyncPlan): SyncState {
  return {
    version: 1,
    repository: begun.remote.repository,
    commit: plan.target.commit,
    ref: begun.ref,
    time: ctx.now().toISOString(),
    counts: {
      files: plan.files,
      added: plan.added.length,
      updated: plan.updated.length + plan.modes.length,
      deleted: plan.deleted.length,
      kept: plan.kept.length,
    },
  };
}

/**
 * Writes down what was learnt of a tree for which nothing is to be done. The way back to before the last
 * change leads from the new commit then.
 * @param isNew whether the index can remember more files than before
 */
export async function remember(
  ctx: Context,
  { tree, state, index }: Look,
  begun: BegunSync,
  plan: SyncPlan,
  isNew: boolean,
): Promise<void> {
  let after = stateAfter(ctx, begun, plan);
  // Since then it is what it is, whatever it is called now.
  if (state?.commit === after.commit) after = { ...after, time: state.time };
  const isSame = state?.commit === after.commit && state.ref === after.ref &&
    sameRepository(state.repository, after.repository);
  const isKnown = !isNew && index?.manifest.commit === plan.target.commit;
  if (isSame && isKnown) return;
  ensureDirectory(parentOf(tree.state), 0o700);
  if (state && state.commit !== after.commit) {
    const { leadOn } = await import("./apply/previous.ts");
    leadOn(tree.previous, state.commit, after.commit);
  }
  if (!isKnown) {
    const bytes = await encodeIndex({ manifest: plan.target, figures: plan.figures });
    writeFileAtomic(tree.index, bytes, { mode: 0o600 });
  }
  if (!isSame) writeFileAtomic(tree.state, encodeState(after), { mode: 0o600 });
}
