import type { Context } from "../../machine/context.ts";
import { settleEarlierActivation } from "../../rebuild/activation/earlier_activation.ts";
import { revertSteps } from "../apply.ts";
import {
  latestInstallation,
  readReceipts,
  type Receipt,
  removeUnwrittenReceipts,
  unfinishedInstallation,
} from "../../machine/receipt.ts";
import { revertStep } from "./revert_step.ts";

/**
 * Deals with an installation that was killed between its steps: it is reverted, or left for the new
 * run to finish (every step looks whether it is done already, so applying again is finishing). Reverting
 * is the default without a terminal.
 * @returns the receipt to go on with, when the user chose to finish
 */
export async function settleUnfinished(ctx: Context): Promise<Receipt | undefined> {
  const receipt = unfinishedInstallation(readReceipts(ctx));
  if (receipt === undefined) return undefined;
  const done = receipt.steps.filter((record) => record.state !== "pending").length;
  ctx.log.warn(
    `the installation of ${receipt.startedAt} was cut off while ${receipt.state} (${done} steps begun)`,
  );
  const finish = receipt.state === "applying" && await ctx.ui.select({
    message: "What shall become of it?",
    option: "--yes",
    default: false,
    choices: [
      { value: false, label: "Revert it", hint: "files as they were before, then start anew" },
      { value: true, label: "Finish it", hint: "go on with the steps that are missing" },
    ],
  });
  // To finish, half a step is taken back first; whole ones are found done.
  const kept = finish
    ? receipt.steps.filter(({ state }) => state === "doing")
      .flatMap((record) => revertStep(ctx, receipt, record))
    : receipt.state === "undoing"
    ? revertSteps(ctx, receipt, "undoing", "undone")
    : revertSteps(ctx, receipt, "reverting", "reverted");
  if (!finish) ctx.log.info("reverted: the files are as they were before that installation");
  for (const path of kept) ctx.log.info(`changed since it was written, kept in ${path}`);
  return finish ? receipt : undefined;
}

/**
 * Closes the books on an activation that outlived the tool that started it.
 * @throws ToolError exit 1 while it still runs: it holds the machine as the lock does
 */
export async function settleActivation(ctx: Context): Promise<void> {
  removeUnwrittenReceipts(ctx);
  await settleEarlierActivation(ctx);
}

/** What a plan says of receipts that are there already; they are root's, and a plan is for everyone. */
export function receiptNotes(ctx: Context): string[] {
  let receipts: Receipt[];
  try {
    receipts = readReceipts(ctx);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied) || Deno.uid() === 0) throw error;
    return ["only root may read whether Hyper-NixOS was installed here before"];
  }
  const unfinished = unfinishedInstallation(receipts);
  if (unfinished) {
    const { startedAt, state } = unfinished;
    const now = state === "applying"
      ? "was cut off; the next run offers to revert or finish it"
      : `was cut off while ${state}; the next run takes back the rest of it`;
    return [`the installation of ${startedAt} ${now}`];
  }
  const latest = latestInstallation(receipts);
  return latest
    ? [`installed before, on ${latest.startedAt} (${latest.state}); --undo takes that back`]
    : [];
}
