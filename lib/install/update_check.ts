import type { Context } from "../machine/context.ts";
import { endpointsOf } from "../github/endpoints.ts";
import { hasAddress } from "../machine/hardware/network_state.ts";
import { ToolError } from "../machine/tool_error.ts";
import { syncTree } from "../sync/sync.ts";
import { connections } from "./build_options.ts";
import type { InstallOptions } from "./options.ts";
import type { Plan } from "./plan/plan.ts";

/**
 * Asks GitHub for a newer source and syncs it into place, unless `--skip-update-check`. A machine that
 * is offline, or a source that no repository is known for, installs what it has: that is a message.
 */
export async function checkForUpdates(
  ctx: Context,
  options: InstallOptions,
  plan: Plan,
): Promise<void> {
  if (options.skipUpdateCheck) return;
  if (isOffline(ctx)) {
    ctx.log.info("no network: GitHub is not asked for updates");
    return;
  }
  const wanted = await ctx.ui.confirm({
    message: "Check GitHub for updates?",
    option: "--skip-update-check",
    default: true,
  });
  if (!wanted) return;
  const repository = plan.source?.origin?.repository;
  try {
    const summary = await syncTree(ctx, {
      ...(repository === undefined ? {} : { repository }),
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

/** No address, no proxy, and a server elsewhere: nothing has to be tried, and nobody asked. */
function isOffline({ env }: Context): boolean {
  const { api } = endpointsOf(env);
  const isHere = /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(api).hostname);
  const proxy = env.https_proxy ?? env.HTTPS_PROXY ?? env.all_proxy ?? env.ALL_PROXY;
  return !isHere && !proxy && !hasAddress();
}
