import { ExitCode } from "../machine/exit_code.ts";
import { acquireLock } from "../machine/lock.ts";
import { ToolError } from "../machine/tool_error.ts";
import { recoverSourceTree } from "../machine/tree/tree_recovery.ts";
import type { Context } from "../machine/context.ts";
import { counted } from "../layout/counted.ts";
import { style } from "../layout/style.ts";
import { settleEarlierActivation } from "../rebuild/activation/earlier_activation.ts";
import { type RebuildResult, rebuildSystem } from "../rebuild/rebuild_system.ts";
import { hostReference } from "../nix/expressions/host_flake.ts";
import { withNixSettings } from "../nix/nix_settings.ts";
import { reportRebuild } from "../rebuild/report.ts";
import type { SyncSummary } from "../sync/options.ts";
import { changedPaths, syncReport } from "../sync/report.ts";
import { syncTree } from "../sync/sync.ts";
import { renderCounts } from "../validate/render.ts";
import { blocking, type Report } from "../validate/validate.ts";
import { isBuiltFrom } from "./built_from.ts";
import { checkHealth, requireGoOn } from "./check_health.ts";
import { requireSense, type UpdateOptions } from "./options.ts";
import { renewTools } from "./renew_tools.ts";
import { offerReturn, sayHowToReturn } from "./return_to_sources.ts";
import { Steps } from "./steps.ts";

/**
 * Validates the machine, makes its source tree the commit that is wanted, and rebuilds the system when
 * it was not built from that commit. Holds the machine's lock from beginning to end, unless it only
 * checks. Ends with a summary, also when a step fails.
 * @returns the exit code
 * @throws ToolError 4 for options that contradict each other, 6 when a check fails that blocks updates,
 *   and as `syncTree`; how a rebuild failed is reported, and its code returned
 */
export async function devUpdate(
  ctx: Context,
  options: UpdateOptions & { readonly json: boolean },
): Promise<ExitCode> {
  requireSense(ctx, options);
  const steps = new Steps(ctx);
  const summarised = (work: () => Promise<ExitCode>) => summarise(ctx, options.json, steps, work);
  if (options.checkOnly) return await summarised(() => check(ctx, options, steps));
  using _lock = await acquireLock(ctx);
  // What earlier runs left open is settled before the machine is judged.
  if (ctx.root.isRunning) await settleEarlierActivation(ctx);
  await recoverSourceTree(ctx);
  return await summarised(() => update(ctx, options, steps));
}

async function summarise(
  ctx: Context,
  json: boolean,
  steps: Steps,
  work: () => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    const code = await work();
    if (json) ctx.out.json(steps.document(code));
    return code;
  } catch (error) {
    if (json && error instanceof ToolError) ctx.out.json(steps.document(error.code, error));
    throw error;
  } finally {
    ctx.out.print(`\n${style.bold("Summary")}\n${steps.render(ctx.out.columns)}\n`);
  }
}

async function validation(ctx: Context, { verbose }: UpdateOptions, steps: Steps): Promise<Report> {
  return await steps.run("validation", () => checkHealth(ctx, verbose), renderCounts);
}

async function check(ctx: Context, options: UpdateOptions, steps: Steps): Promise<ExitCode> {
  const report = await validation(ctx, options, steps);
  const summary = await steps.run("smart sync", () => syncSources(ctx, options), sentence);
  const upToDate = isBuiltFrom(ctx, summary, options.rebuildAction);
  steps.skip("rebuild", upToDate ? "nothing to do" : "not done: --check-only");
  if (summary.changed) ctx.log.info("there is an update; to install it: dev-update");
  else if (upToDate) ctx.log.info(nothingToDo(summary));
  else {
    ctx.log.info(
      "the sources are current, but the running system is not known to be built from them; " +
        "to build it: dev-update",
    );
  }
  const blockers = blocking(report).map(({ check }) => check.id);
  if (blockers.length === 0) return ExitCode.Success;
  ctx.log.warn(`an update would be stopped by failed checks: ${blockers.join(", ")}`);
  return ExitCode.Configuration;
}

async function update(ctx: Context, options: UpdateOptions, steps: Steps): Promise<ExitCode> {
  const report = await validation(ctx, options, steps);
  await requireGoOn(ctx, report, options);
  const summary = await steps.run("smart sync", () => syncSources(ctx, options), sentence);
  const { rebuildAction } = options;
  if (isBuiltFrom(ctx, summary, rebuildAction)) {
    steps.skip("rebuild", "nothing to do");
    ctx.log.info(nothingToDo(summary));
    return ExitCode.Success;
  }
  if (options.skipRebuild) {
    steps.skip("rebuild", "not done: --skip-rebuild");
    ctx.log.info(`the system was left as it is; to build it: rebuild-helper ${rebuildAction}`);
    return ExitCode.Success;
  }
  return await rebuild(ctx, options, steps);
}

/**
 * Makes the source tree the commit that is wanted, or finds out with `checkOnly` what that would mean.
 * @throws ToolError as `syncTree`
 */
async function syncSources(ctx: Context, options: UpdateOptions): Promise<SyncSummary> {
  const { verbose } = options;
  const summary = await syncTree(ctx, options);
  ctx.log.debug(`transport: ${summary.transport}, because ${summary.reason}`);
  if (summary.changed && verbose) ctx.out.print(changedPaths(summary).join("\n"));
  ctx.log.info(`${summary.repository} @ ${summary.ref}: ${sentence(summary)}`);
  if (summary.changed || verbose) ctx.out.print(syncReport(summary, ctx.out.columns));
  return summary;
}

/** What a sync did, in a few words. */
function sentence(summary: SyncSummary): string {
  const { counts, commit, changed, written } = summary;
  const at = commit.slice(0, 12);
  if (!changed) return `up to date with ${at}`;
  const count = counts.added + counts.updated + counts.modes + counts.deleted;
  const files = counted(count, "file");
  return written ? `${files} changed, now ${at}` : `${files} would change, to ${at}`;
}

async function rebuild(ctx: Context, options: UpdateOptions, steps: Steps): Promise<ExitCode> {
  const { rebuildAction: action, confirm } = options;
  let result: RebuildResult;
  try {
    result = await steps.run("rebuild", async () => {
      await renewTools(ctx);
      const settings = options.verbose ? ["show-trace = true"] : [];
      return await rebuildSystem(withNixSettings(ctx, settings), {
        action,
        flake: hostReference(ctx),
        impure: true,
        confirm,
        restartGuests: options.restartGuests,
      });
    }, said);
  } catch (error) {
    if (!(error instanceof ToolError) || ctx.signal.aborted) {
      sayHowToReturn(ctx);
      throw error;
    }
    // Said now, because the question that follows is about it.
    ctx.log.error(error.message, error.hint);
    if (error.cause instanceof Error) ctx.log.debug(`caused by: ${error.cause.message}`);
    await offerReturn(ctx, undefined);
    return error.code;
  }
  reportRebuild(ctx, result);
  const { exitCode = ExitCode.Success } = result.outcome ?? {};
  if (exitCode !== ExitCode.Success) await offerReturn(ctx, result.outcome);
  return exitCode;
}

function said({ action, outcome, after }: RebuildResult): string {
  if (outcome === undefined) return action === "build" ? "built, not activated" : "installed";
  const generation = after.generation === null ? "" : `, generation ${after.generation}`;
  return outcome.kind === "activated"
    ? `${action}${generation}`
    : outcome.kind.replaceAll("-", " ");
}

function nothingToDo({ commit }: SyncSummary): string {
  return `nothing to do: the running system was built from ${commit.slice(0, 12)}`;
}
