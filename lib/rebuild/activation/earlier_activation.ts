import { readTextIfExists } from "../../machine/files/files.ts";
import { ToolError } from "../../machine/tool_error.ts";
import {
  confirmActivation,
  followActivation,
  unfinishedActivation,
} from "../../nix/activation/activation_progress.ts";
import type { Context } from "../../machine/context.ts";
import { concludeActivation } from "./activate.ts";
import type { ActivationOutcome } from "./outcome.ts";
import { settleReceipt } from "../receipt_hooks.ts";
import { shellWord } from "../../machine/shell_words.ts";

/** So much of the end of a log is looked at for the names of failed units, in characters. */
const LOG_END = 64 * 1024;

/**
 * Settles what an earlier run could not report, because it or its terminal went away: says how its
 * activation ended. Every tool that rebuilds calls it first. Needs root.
 * @throws ToolError exit 1 when an activation is still under way
 */
export async function settleEarlierActivation(ctx: Context): Promise<void> {
  const earlier = await unfinishedActivation(ctx);
  if (earlier === undefined) return settleReceipt(ctx);
  const { status, running } = earlier;
  if (running) {
    const waiting = status.phase === "awaiting-confirmation";
    throw new ToolError(
      waiting
        ? "the system that was just activated waits for its confirmation"
        : "an activation is under way on this machine",
      {
        hint: waiting
          ? "keep it with: rebuild-helper --confirmed"
          : `wait for it, and watch it with: tail -f ${shellWord(status.log)}`,
      },
    );
  }
  const outcome = await concludeActivation(ctx, status, endOf(status.log));
  settleReceipt(ctx);
  const sentence = `an earlier ${status.action} had not been reported: ${outcome.message}`;
  if (outcome.exitCode === 0) ctx.log.info(sentence);
  else {
    ctx.log.warn(sentence);
    if (outcome.hint) ctx.log.warn(outcome.hint);
  }
}

/**
 * Keeps the system that waits for its confirmation, and stays until it has become what was asked for.
 * @throws ToolError exit 1 when none waits, or not yet: what nobody has seen cannot be confirmed
 */
export async function confirmEarlierActivation(ctx: Context): Promise<ActivationOutcome> {
  const earlier = await unfinishedActivation(ctx);
  if (earlier === undefined || !earlier.running || earlier.status.confirmSeconds === 0) {
    const ended = earlier !== undefined && earlier.status.goBackCode !== null;
    throw new ToolError("no activation waits for a confirmation", {
      hint: ended
        ? "it was too late: the machine went back to the previous system"
        : "see what runs: rebuild-helper --list-generations",
    });
  }
  const { id, log, phase } = earlier.status;
  if (phase === "activating") {
    throw new ToolError("the new system is still being activated: there is nothing to keep yet", {
      hint: "wait until it runs, see that you still get in, and then: rebuild-helper --confirmed",
    });
  }
  confirmActivation(ctx, id);
  ctx.passPointOfNoReturn();
  const status = await followActivation(ctx, id, log, {
    logFrom: new TextEncoder().encode(readTextIfExists(log) ?? "").length,
    onLine: (line) => ctx.out.print(line),
  });
  return await concludeActivation(ctx, status ?? earlier.status, endOf(log));
}

function endOf(log: string): string {
  return (readTextIfExists(log) ?? "").slice(-LOG_END);
}
