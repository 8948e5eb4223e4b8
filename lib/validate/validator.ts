import { ExitCode } from "../machine/exit_code.ts";
import { readHostName } from "../machine/host_name.ts";
import { acquireLock } from "../machine/lock.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import { reportDocument } from "./document.ts";
import { metricsText } from "./metrics.ts";
import { renderCounts, renderRepairs, renderReport } from "./render.ts";
import { repair } from "./repair.ts";
import {
  exitCodeOf,
  type Report,
  troubled,
  unseen,
  validateShown,
  withStatus,
} from "./validate.ts";

/** What validator is asked for. */
export interface ValidatorOptions {
  readonly quick: boolean;
  readonly fix: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
  readonly metrics: boolean;
}

/**
 * Looks at the machine, repairs what is safe when asked to, and says what was found.
 * @returns 0, 6 when a check fails, 3 when none does but one that could was not allowed to look
 * @throws ToolError exit 4 for `--json` with `--metrics`, exit 1 when something is to be repaired while another tool changes the machine
 */
export async function validator(ctx: Context, options: ValidatorOptions): Promise<ExitCode> {
  if (options.json && options.metrics) {
    throw new ToolError("--json and --metrics exclude each other", {
      code: ExitCode.InvalidArguments,
      hint: "choose one of them: stdout holds one document",
    });
  }
  if (options.fix) {
    using _lock = await acquireLock(ctx);
    return await repairing(ctx, options);
  }
  const report = await look(ctx, options);
  if (options.json) ctx.out.json(reportDocument(ctx, report, undefined));
  else if (options.metrics) ctx.out.data(metricsText(report, ctx.now()));
  else ctx.out.print(renderReport(report, ctx.out.columns, options.verbose));
  return conclude(ctx, report);
}

async function repairing(ctx: Context, options: ValidatorOptions): Promise<ExitCode> {
  const before = await look(ctx, options);
  const repairs = await repair(ctx, before);
  const changed = repairs.some(({ changes }) => changes.length > 0);
  const after = changed ? await look(ctx, options) : before;
  if (options.json) ctx.out.json(reportDocument(ctx, after, repairs));
  else if (options.metrics) ctx.out.data(metricsText(after, ctx.now()));
  else {
    if (changed) {
      ctx.out.print(renderReport(troubled(before), ctx.out.columns, options.verbose));
    }
    if (repairs.length > 0) ctx.out.print(renderRepairs(repairs, ctx.out.columns) + "\n");
    ctx.out.print(renderReport(after, ctx.out.columns, options.verbose));
  }
  for (const { result, changes } of repairs) {
    for (const { what, before, after } of changes) {
      ctx.log.debug(`repaired ${result.check.id}: ${what}: ${before} → ${after}`);
    }
  }
  const left = [...withStatus(after, "fail"), ...withStatus(after, "warn")];
  if (left.length > 0) ctx.log.info(`left to you: ${left.map(({ check }) => check.id).join(", ")}`);
  return conclude(ctx, after);
}

async function look(ctx: Context, { quick }: ValidatorOptions): Promise<Report> {
  const what = quick ? "essential checks" : "checks";
  const title = ({ results }: Report) => `${results.length} ${what} of ${hostName(ctx)}`;
  return await validateShown(ctx, quick, title);
}

function hostName(ctx: Context): string {
  return readHostName(ctx)?.name ?? "this machine";
}

function conclude(ctx: Context, report: Report): ExitCode {
  const code = exitCodeOf(report);
  const counts = renderCounts(report);
  const failed = withStatus(report, "fail").map(({ check }) => check.id);
  if (code === ExitCode.Success) ctx.log.info(counts);
  else if (failed.length > 0) ctx.log.error(`${counts}; failed: ${failed.join(", ")}`);
  else ctx.log.warn(counts);
  const hidden = unseen(report);
  if (hidden.length > 0) {
    const names = hidden.map(({ check }) => check.id).join(", ");
    // Its words may be read on another machine.
    ctx.log.warn(`only root may look at ${names}: sudo validator, on ${hostName(ctx)}`);
  }
  return code;
}
