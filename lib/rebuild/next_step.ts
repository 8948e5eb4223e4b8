import type { Context } from "../machine/context.ts";
import { activateSystem, returnToSystem } from "./activation/activate.ts";
import type { ActivationOutcome } from "./activation/outcome.ts";
import { reportOutcome } from "./report.ts";

/**
 * After a failure a person is offered what would help: the boot menu's way, or the way back.
 * @returns how it stands then
 */
export async function offerNextStep(
  ctx: Context,
  outcome: ActivationOutcome,
): Promise<ActivationOutcome> {
  if (outcome.exitCode === 0 || !ctx.ui.interactive) return outcome;
  const { base, previousToplevel } = outcome;
  if (outcome.onlyByReboot) {
    const boot = await ctx.ui.confirm({
      message: "Make it the boot default, for the next reboot?",
      option: "boot",
      default: true,
    });
    if (!boot) return outcome;
    const next = await activateSystem(ctx, { toplevel: base, action: "boot" });
    reportOutcome(ctx, next);
    return next;
  }
  const changedSomething = outcome.kind !== "went-back" && outcome.action !== "boot";
  if (previousToplevel === undefined || !changedSomething) return outcome;
  const back = await ctx.ui.confirm({
    message: "Go back to the previous system?",
    option: "--rollback",
    default: false,
  });
  if (!back) return outcome;
  const next = await returnToSystem(ctx, previousToplevel);
  reportOutcome(ctx, next);
  // What was asked for has not come true.
  return { ...next, exitCode: outcome.exitCode };
}
