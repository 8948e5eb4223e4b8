import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import { renderCounts, renderReport } from "../validate/render.ts";
import { blocking, type Report, troubled, validateShown } from "../validate/validate.ts";
import type { UpdateOptions } from "./options.ts";

/** Looks at the machine, the essential checks only, and shows what is not as it should be. */
export async function checkHealth(ctx: Context, verbose: boolean): Promise<Report> {
  const report = await validateShown(ctx, true, renderCounts);
  const shown = verbose ? report : troubled(report);
  if (shown.results.length > 0) ctx.out.print(renderReport(shown, ctx.out.columns, verbose));
  return report;
}

/**
 * Asks whether to go on when checks fail that block updates. `--yes` goes on; without a terminal it
 * stops. Other failed checks stop nothing.
 * @throws ToolError exit 6 when the update is not to go on; nothing was changed
 */
export async function requireGoOn(
  ctx: Context,
  report: Report,
  { yes }: Pick<UpdateOptions, "yes">,
): Promise<void> {
  const failed = blocking(report).map(({ check }) => check.id);
  if (failed.length === 0) return;
  const what = `${failed.length === 1 ? "a check fails" : "checks fail"} that should stop ` +
    `an update: ${failed.join(", ")}`;
  if (yes) {
    ctx.log.warn(`${what}; going on, as --yes says`);
    return;
  }
  const goOn = ctx.ui.interactive && await ctx.ui.confirm({
    message: `${capitalised(what)}. Update nevertheless?`,
    option: "--yes",
    default: false,
  });
  if (goOn) return;
  throw new ToolError(what, {
    code: ExitCode.Configuration,
    hint: "nothing was changed; see what to do and repair it with validator and validator --fix, " +
      "or update nevertheless with --yes",
  });
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
