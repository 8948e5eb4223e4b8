import type { Context } from "../machine/context.ts";
import { endpointsOf } from "../github/endpoints.ts";
import { isOffline } from "../machine/hardware/network_state.ts";
import { ToolError } from "../machine/tool_error.ts";
import { DEFAULT_REPOSITORY } from "../sync/begin.ts";
import { syncTree } from "../sync/sync.ts";
import { connections } from "./build_options.ts";
import type { InstallOptions } from "./options.ts";
import type { Plan } from "./plan/plan.ts";

/**
 * Asks GitHub for a newer source and syncs it into place, unless `--skip-update-check`: of the repository
 * that it came from, where that is known, else of the one that smart-sync would take. A machine that is
 * offline, or a server that does not give it, installs what it has: that is a message.
 */
export async function checkForUpdates(
  ctx: Context,
  options: InstallOptions,
  plan: Pick<Plan, "source">,
): Promise<void> {
  if (options.skipUpdateCheck) return;
  try {
    if (isOffline(ctx) && !isHere(ctx)) {
      ctx.log.info("no network: GitHub is not asked for updates");
      return;
    }
    const repository = plan.source?.origin?.repository;
    const named = repository ?? (ctx.env.HYPERVISOR_REPO || DEFAULT_REPOSITORY);
    const wanted = await ctx.ui.confirm({
      // What is found there takes the place of the source.
      message: `Check GitHub for updates, from ${named}?`,
      option: "--skip-update-check",
      default: true,
    });
    if (!wanted) return;
    const summary = await syncTree(ctx, {
      repo: repository,
      connections: connections(options.fast),
    });
    ctx.log.info(
      summary.changed
        ? `updated to ${summary.repository} ${summary.commit.slice(0, 12)}: ` +
          `${summary.counts.added} added, ${summary.counts.updated} updated, ` +
          `${summary.counts.deleted} deleted`
        : `the source is up to date (${summary.commit.slice(0, 12)})`,
    );
  } catch (error) {
    if (!(error instanceof ToolError) || ctx.signal.aborted) throw error;
    ctx.log.warn(`no update: ${error.message}; going on with the source as it is`);
  }
}

/** A server on this machine needs no network. */
function isHere({ env }: Context): boolean {
  const { api } = endpointsOf(env);
  return /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(api).hostname);
}
