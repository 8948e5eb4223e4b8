import type { Context } from "../machine/context.ts";
import { printableLine } from "../layout/printable.ts";
import { ToolError } from "../machine/tool_error.ts";
import { applyStep } from "./apply_step.ts";
import { type Receipt, writeReceipt } from "../machine/receipt.ts";
import { revertStep } from "./undo/revert_step.ts";
import { signalsSeen } from "./signals_seen.ts";
import type { Step } from "./step.ts";
import { ownLine } from "../machine/own_line.ts";

/**
 * Applies steps in order, all or nothing: a failure or signal reverts those that were done, in reverse,
 * and is then thrown on.
 */
export async function applySteps(
  ctx: Context,
  receipt: Receipt,
  steps: readonly Step[],
): Promise<void> {
  const progress = ctx.ui.progress("Applying", steps.length);
  try {
    for (const [index, step] of steps.entries()) {
      await signalsSeen(ctx.signal);
      progress.update(index, step.title);
      await applyStep(ctx, receipt, step);
    }
    await signalsSeen(ctx.signal);
  } catch (error) {
    progress.fail("applying stopped; putting everything back as it was");
    revertSteps(ctx, receipt, "reverting", "reverted");
    throw error;
  }
  receipt.state = "applied";
  writeReceipt(ctx, receipt);
  const changed = receipt.steps.filter((record) => record.state === "done").length;
  progress.done(
    `applied: ${changed} changed, ${receipt.steps.length - changed} as they were already`,
  );
}

/**
 * Reverts every step of a receipt, last first. One that fails does not keep the others from being
 * reverted. Signals are not looked at.
 * @returns machine paths where changes that the owner made since were kept
 * @throws ToolError naming the steps that could not be reverted; running it again tries them again
 */
export function revertSteps(
  ctx: Context,
  receipt: Receipt,
  during: "reverting" | "undoing",
  finally_: "reverted" | "undone",
): string[] {
  receipt.state = during;
  writeReceipt(ctx, receipt);
  const kept: string[] = [];
  const failed: string[] = [];
  for (const record of receipt.steps.toReversed()) {
    try {
      kept.push(...revertStep(ctx, receipt, record));
    } catch (error) {
      failed.push(record.path);
      ctx.log.warn(
        `${record.path} could not be put back: ${
          printableLine(error instanceof Error ? error.message : String(error))
        }`,
      );
    }
  }
  if (failed.length > 0) {
    throw new ToolError(`not everything was put back: ${failed.join(", ")}`, {
      hint: `mend what the warnings name, then run: ${ownLine(ctx, "system-installer", "--undo")}`,
    });
  }
  receipt.state = finally_;
  writeReceipt(ctx, receipt);
  return kept;
}
