import { counted } from "../layout/counted.ts";
import type { Context } from "../machine/context.ts";
import type { SyncSummary } from "../sync/options.ts";
import { changedPaths, syncReport } from "../sync/report.ts";
import { syncTree } from "../sync/sync.ts";
import type { UpdateOptions } from "./options.ts";

/**
 * Makes the source tree the commit that is wanted, or finds out with `checkOnly` what that would mean.
 * @throws ToolError as `syncTree`
 */
export async function syncSources(ctx: Context, options: UpdateOptions): Promise<SyncSummary> {
  const { ref, repo, forceFull, checkOnly, signedBy, verbose } = options;
  const summary = await syncTree(ctx, { ref, repository: repo, forceFull, checkOnly, signedBy });
  ctx.log.debug(`transport: ${summary.transport}, because ${summary.reason}`);
  if (summary.changed && verbose) ctx.out.print(changedPaths(summary).join("\n"));
  ctx.log.info(`${summary.repository} @ ${summary.ref}: ${sentence(summary)}`);
  if (summary.changed || verbose) ctx.out.print(syncReport(summary, ctx.out.columns));
  return summary;
}

/** What a sync did, in a few words. */
export function sentence(summary: SyncSummary): string {
  const { counts, commit, changed, written } = summary;
  const at = commit.slice(0, 12);
  if (!changed) return `up to date with ${at}`;
  const count = counts.added + counts.updated + counts.modes + counts.deleted;
  const files = counted(count, "file");
  return written ? `${files} changed, now ${at}` : `${files} would change, to ${at}`;
}
