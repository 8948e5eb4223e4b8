import { attempt } from "../machine/attempt.ts";
import { sourceTree } from "../machine/tree/source_tree.ts";
import type { Context } from "../machine/context.ts";
import { returnToSystem } from "../rebuild/activation/activate.ts";
import type { ActivationOutcome } from "../rebuild/activation/outcome.ts";
import { reportOutcome } from "../rebuild/report.ts";
import { readRecord } from "../sync/apply/previous.ts";
import { rollbackTree } from "../sync/apply/rollback.ts";
import { rollbackNotes } from "../sync/report.ts";
import { readSyncState } from "../sync/state.ts";

/** The command that does it later. */
const COMMAND = "smart-sync --rollback";

/**
 * After a rebuild that failed: says how to return to the sources of before the last sync, and on a
 * terminal offers it, together with the system that ran, when another one was activated. The caller
 * holds the lock and is root.
 * @param outcome how the activation ended; undefined when nothing was activated
 */
export async function offerReturn(
  ctx: Context,
  outcome: ActivationOutcome | undefined,
): Promise<void> {
  if (!sayHowToReturn(ctx)) return;
  const system = systemToReturnTo(outcome);
  const wanted = ctx.ui.interactive && await ctx.ui.confirm({
    message: system === undefined
      ? "Return to the previous sources now?"
      : "Return to the previous system and the previous sources now?",
    option: COMMAND,
    default: false,
  });
  if (!wanted) return;
  if (system !== undefined) reportOutcome(ctx, await returnToSystem(ctx, system));
  const summary = await rollbackTree(ctx);
  const { to, restored, removed } = summary;
  ctx.log.info(
    `the sources are those of ${to?.slice(0, 12) ?? "before"} again: ` +
      `${restored} restored, ${removed} removed`,
  );
  for (const note of rollbackNotes(summary)) ctx.log.info(note);
}

/**
 * Says how to return to the sources of before the last sync.
 * @returns whether there are any to return to
 */
export function sayHowToReturn(ctx: Context): boolean {
  // Said about a failure, which nothing that cannot be read here may take the place of.
  const known = attempt(() => {
    const record = readRecord(sourceTree(ctx).previous);
    return record !== undefined && record.to === readSyncState(ctx)?.commit;
  });
  if (known) ctx.log.info(`the sources are kept; to return to the previous ones: ${COMMAND}`);
  else ctx.log.info("the sources are kept; there are no previous ones to return to");
  return known ?? false;
}

/** The system that ran before, when the failed activation left something else running. */
function systemToReturnTo(outcome: ActivationOutcome | undefined): string | undefined {
  const left = outcome !== undefined && outcome.kind !== "went-back" && !outcome.onlyByReboot;
  return left ? outcome.previousToplevel : undefined;
}
