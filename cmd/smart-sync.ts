import { counted } from "../lib/layout/counted.ts";
import { ExitCode } from "../lib/machine/exit_code.ts";
import { ToolError } from "../lib/machine/tool_error.ts";
import type { Context } from "../lib/machine/context.ts";
import { syncEnvironment, tokenReminder } from "../lib/program/environment.ts";
import { givenBeside } from "../lib/program/given_words.ts";
import { main } from "../lib/program/main.ts";
import { flag, sourceOptions } from "../lib/program/options.ts";
import type { Tool, ToolValues } from "../lib/program/tool.ts";
import type { EarlySync } from "../lib/sync/early_sync.ts";
import type { SyncSummary } from "../lib/sync/options.ts";

const { ref, repo, forceFull, signedBy } = sourceOptions("sync");
const options = {
  ref,
  repo,
  forceFull,
  dryRun: flag({ description: "show what would be done, change nothing" }),
  checkOnly: flag({ description: "only check for changes, download no file" }),
  skipValidation: flag({
    description: "trust sizes instead of checksums of downloads",
    details: "only those of raw files and archives: what comes by git's protocol is always checked",
  }),
  signedBy,
  rollback: flag({ description: "restore the tree of before; needs no network" }),
};

/** Makes /etc/hypervisor/src equal to a commit on GitHub. */
export const smartSync: Tool<typeof options> = {
  name: "smart-sync",
  purpose: "Makes /etc/hypervisor/src equal to a commit on GitHub, moving only what differs.\n" +
    "All or nothing: the tree becomes the commit or stays as it was, also when the\n" +
    "machine goes down half-way. Local edits that are replaced are backed up.",
  options,
  examples: [
    ["sudo smart-sync", "sync to the main branch"],
    ["sudo smart-sync --ref v2.1", "sync to a version"],
    ["smart-sync --check-only", "is there anything new?"],
    ["sudo smart-sync --signed-by allowed_signers", "only what they have signed"],
    ["smart-sync --dry-run --verbose", "list every file that would change"],
    ["sudo smart-sync --rollback", "undo the last sync"],
  ],
  notes: "Never touched: .git/, result, target/, tools/target/, var/ and *.socket.",
  reminder: tokenReminder,
  environment: syncEnvironment,
  exitCodes: {
    [ExitCode.General]: "also when another tool holds the lock",
    [ExitCode.InvalidArguments]: "also an unknown ref or repository",
    [ExitCode.Network]: "also a used-up rate limit",
    [ExitCode.MissingDependency]: "also git, which verifies signatures",
    [ExitCode.Configuration]:
      "another repository's commit, one that is not signed as it must be or " +
      "cannot build this host, hostile paths",
  },
  errorPrefix: "[smart-sync ERROR]",
  needsRoot: (values) => !isReadOnly(values),
  writesLog: (values) => !isReadOnly(values),
  begin: async (values) => {
    const isAllowed = Deno.uid() === 0 || isReadOnly(values);
    if (values.rollback || !isAllowed || !values.root.startsWith("/")) return;
    const { EarlySync } = await import("../lib/sync/early_sync.ts");
    early = new EarlySync(values.root, Deno.env.toObject(), values);
  },
  run: async (ctx, values) => {
    if (values.rollback) {
      refuseOptionsOfSync(values);
      return await rollback(ctx, values);
    }
    const begun = early?.adopt(ctx);
    // The servers are asked; while the answer travels, the rest is loaded.
    const { syncTree } = await import("../lib/sync/sync.ts");
    const { changedPaths, syncReport } = await import("../lib/sync/report.ts");
    using _lock = isReadOnly(values) ? undefined : await lock(ctx);
    const summary = await syncTree(ctx, values, begun);
    ctx.log.debug(`transport: ${summary.transport}, because ${summary.reason}`);
    if (values.json) return ctx.out.json({ version: 1, ...summary });
    if (summary.changed && (values.dryRun || values.verbose)) {
      ctx.out.print(changedPaths(summary).join("\n"));
    }
    ctx.log.info(headline(summary));
    if (summary.changed || values.verbose) ctx.out.print(syncReport(summary, ctx.out.columns));
  },
};

/** Least of all may it go back where only a look was asked for. */
function refuseOptionsOfSync({ given }: ToolValues<typeof options>): void {
  const other = givenBeside(options, given, ["rollback"]);
  if (other === undefined) return;
  throw new ToolError(`${other} goes with a sync, not with --rollback`, {
    code: ExitCode.InvalidArguments,
    hint: "nothing was changed; leave one of them out",
  });
}

function isReadOnly(values: ToolValues<typeof options>): boolean {
  return values.dryRun || values.checkOnly;
}

function headline(summary: SyncSummary): string {
  const at = `${summary.ref} (${summary.commit.slice(0, 12)})`;
  if (!summary.changed) return `up to date: all ${summary.counts.files} files are those of ${at}`;
  return summary.written ? `synced to ${at}` : `there are changes: ${at} differs from the tree`;
}

async function rollback(ctx: Context, values: ToolValues<typeof options>): Promise<void> {
  const { rollbackTree } = await import("../lib/sync/apply/rollback.ts");
  using _lock = await lock(ctx);
  const summary = await rollbackTree(ctx);
  if (values.json) return ctx.out.json({ version: 1, ...summary });
  const short = (commit: string | undefined) => commit?.slice(0, 12) ?? "the tree of before";
  ctx.log.info(
    `rolled back from ${short(summary.from)} to ${short(summary.to)}: ` +
      `${counted(summary.restored, "file")} restored, ${counted(summary.removed, "file")} removed`,
  );
  const { rollbackNotes } = await import("../lib/sync/report.ts");
  for (const note of rollbackNotes(summary)) ctx.log.info(note);
}

async function lock(ctx: Context): Promise<Disposable> {
  const { acquireLock } = await import("../lib/machine/lock.ts");
  return await acquireLock(ctx);
}

/** The sync that was begun at once, when this is the program. */
let early: EarlySync | undefined;

if (import.meta.main) main(smartSync);
