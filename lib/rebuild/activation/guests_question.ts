import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { guestsAtRisk, type RunningGuests } from "./guests.ts";

/**
 * Asks before an activation that would touch running guests.
 * @param allowed the user has said that they may be touched
 * @param otherwise what can be done in its place, besides shutting them down
 * @throws ToolError exit 4 without a terminal, exit 1 when the answer is no
 */
export async function requireGuestsUntouched(
  ctx: Context,
  toplevel: string,
  allowed: boolean,
  otherwise = "make the new system the boot default only, for a later reboot: rebuild-helper boot",
): Promise<void> {
  const risk = await guestsAtRisk(ctx, toplevel);
  if (risk === undefined) return;
  const what = risk.units === undefined
    ? "the dry activation does not say what would be restarted"
    : `this would stop or restart ${risk.units.join(", ")}`;
  ctx.log.warn(`${what}, and ${guestsText(risk.guests)}`);
  if (allowed) return;
  if (!ctx.ui.interactive) {
    throw new ToolError("running guests may be stopped by this activation", {
      code: ExitCode.InvalidArguments,
      hint: `shut them down first, allow it with --restart-guests, or ${otherwise}`,
    });
  }
  const goOn = await ctx.ui.confirm({
    message: "Running guests may be stopped. Go on?",
    option: "--restart-guests",
    default: false,
  });
  if (!goOn) {
    throw new ToolError("nothing was activated: guests run", {
      hint: `shut them down first, or ${otherwise}`,
    });
  }
}

function guestsText({ names, unknown }: RunningGuests): string {
  const these = names.length > 0 ? `these guests run: ${names.join(", ")}` : undefined;
  if (unknown === undefined) return these!;
  return these === undefined
    ? `which guests run is not known: ${unknown}`
    : `${these}; there may be others: ${unknown}`;
}
