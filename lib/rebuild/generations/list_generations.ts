import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { type Generation, generations, runningOutsideProfile } from "../../nix/generations.ts";
import type { Context } from "../../machine/context.ts";
import { type CleanEntry, cleanPlan, type CleanRule, cleanRule } from "./clean_plan.ts";
import { generationsDocument } from "../documents.ts";
import { type HelperOptions, requireOneTask } from "../helper_options.ts";
import { renderGenerations } from "../report.ts";

/**
 * `--list-generations`: lists the generations of the system, and which ones `--clean` would remove.
 * @throws ToolError exit 4 for a command line that asks for something else, too
 */
export async function listGenerations(ctx: Context, options: HelperOptions): Promise<ExitCode> {
  requireOneTask(options);
  const all = generations(ctx);
  const running = runningOutsideProfile(ctx, all);
  const entries = await readableCleanPlan(ctx, all, cleanRule(options));
  const cleaned = entries?.filter(({ kept }) => kept.length === 0) ?? [];
  const numbers = cleaned.map(({ generation }) => generation.number);
  if (options.json) ctx.out.json(generationsDocument(ctx, all, entries));
  else ctx.out.print(renderGenerations(all, running, numbers, ctx.out.columns));
  return ExitCode.Success;
}

/** Who is not root may not know what is a way back, and sees the list without that. */
async function readableCleanPlan(
  ctx: Context,
  all: readonly Generation[],
  rule: CleanRule,
): Promise<CleanEntry[] | undefined> {
  try {
    return await cleanPlan(ctx, all, rule);
  } catch (error) {
    if (error instanceof ToolError) ctx.log.warn(error.message);
    else if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return undefined;
  }
}
