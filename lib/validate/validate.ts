import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import { type Check, denied, type Finding, skip, type Status } from "./check.ts";
import { Facts, NotLookedAt } from "./facts.ts";
import { CHECKS } from "./registry.ts";

/** A check with what it found. */
export interface CheckResult extends Finding {
  readonly check: Check;
  readonly milliseconds: number;
}

/** What was found, in the registry's order. */
export interface Report {
  readonly quick: boolean;
  readonly results: readonly CheckResult[];
}

/** What to look at. */
export interface ValidateOptions {
  /** Only the essential checks: no evaluation, no network, within a second. */
  readonly quick: boolean;
  /** Called after each check, in the order in which they end. */
  readonly onResult?: (result: CheckResult, done: number, total: number) => void;
}

/**
 * Looks at the machine, all checks at once. Changes nothing, takes no lock, needs no root: what this
 * user may not see is skipped and says so.
 */
export async function validate(ctx: Context, options: ValidateOptions): Promise<Report> {
  const checks = CHECKS.filter((check) => check.quick || !options.quick);
  const facts = new Facts(ctx);
  let done = 0;
  const results = await Promise.all(checks.map(async (check) => {
    const result = await look(ctx, check, facts);
    ctx.signal.throwIfAborted();
    options.onResult?.(result, ++done, checks.length);
    return result;
  }));
  return { quick: options.quick, results };
}

/**
 * {@link validate} with its progress on the screen and every result in the log.
 * @param said what is said in the end
 */
export async function validateShown(
  ctx: Context,
  quick: boolean,
  said: (report: Report) => string,
): Promise<Report> {
  const progress = ctx.ui.progress("checking");
  try {
    const report = await validate(ctx, {
      quick,
      onResult: ({ check }, done, total) =>
        progress.update(done, `${done}/${total} ${check.title}`),
    });
    for (const { check, status, detail, remedy, milliseconds } of report.results) {
      const next = remedy === undefined ? "" : `; next: ${remedy}`;
      ctx.log.debug(`${status} ${check.id}: ${detail}${next} (${milliseconds} ms)`);
    }
    progress.done(said(report));
    return report;
  } catch (error) {
    progress.fail("checking was stopped");
    throw error;
  }
}

/** A report of what is not as it should be. */
export function troubled(report: Report): Report {
  return { ...report, results: report.results.filter(isTroubled) };
}

/** Whether a check fails or warns. */
export function isTroubled({ status }: CheckResult): boolean {
  return status === "fail" || status === "warn";
}

/** The failed checks because of which an update should not be started. */
export function blocking(report: Report): CheckResult[] {
  return withStatus(report, "fail").filter(({ check }) => check.blocksUpdate);
}

/** The results of one status. */
export function withStatus(report: Report, status: Status): CheckResult[] {
  return report.results.filter((result) => result.status === status);
}

/**
 * 0 when nothing fails, 6 when a check fails, 3 when none does but this user may not look at something
 * that could have.
 */
export function exitCodeOf(report: Report): ExitCode {
  if (withStatus(report, "fail").length > 0) return ExitCode.Configuration;
  return unseen(report).length > 0 ? ExitCode.PermissionDenied : ExitCode.Success;
}

/** Checks that can fail and that this user may not do. */
export function unseen(report: Report): CheckResult[] {
  return report.results.filter(({ check, denied }) => denied && check.severity === "error");
}

async function look(ctx: Context, check: Check, facts: Facts): Promise<CheckResult> {
  const start = performance.now();
  let finding: Finding | undefined;
  try {
    const found = check.check(ctx, facts);
    // Awaited only where there is something to wait for: the time shall be this check's own.
    finding = found instanceof Promise ? await found : found;
  } catch (error) {
    ctx.signal.throwIfAborted();
    finding = findingOf(error);
    if (finding === undefined) throw error;
  }
  const capped = finding.status === "fail" && check.severity === "warning"
    ? { ...finding, status: "warn" as const }
    : finding;
  return { ...capped, check, milliseconds: Math.round(performance.now() - start) };
}

/** What an error says about the machine; undefined for a bug of the toolkit. */
function findingOf(error: unknown): Finding | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof NotLookedAt) return skip(error.message);
  const errno = "code" in error ? error.code : undefined;
  if (
    error instanceof Deno.errors.PermissionDenied || errno === "EACCES" || errno === "EPERM" ||
    error instanceof ToolError && error.code === ExitCode.PermissionDenied
  ) return denied(reasonOf(error));
  if (error instanceof ToolError) {
    if (error.code !== ExitCode.Configuration) return skip(`not known: ${error.message}`);
    return { status: "fail", detail: error.message, remedy: error.hint ?? "look at what it names" };
  }
  const isSystemError = typeof errno === "string" ||
    Object.values(Deno.errors).some((kind) => error instanceof kind);
  return isSystemError ? skip(`not known: ${error.message}`) : undefined;
}

/** Deno's messages end in the call and the path, which is what people need. */
function reasonOf(error: Error): string {
  return /'([^']+)'/.exec(error.message)?.[1] ?? error.message;
}
