import { ToolError } from "../machine/tool_error.ts";
import { type Receipt, writeReceipt } from "../machine/receipt.ts";
import { layoutOfFolder, layoutOfRecord } from "../machine/tree_layout.ts";
import { mayLeadToOurs } from "../nix/evaluation/base.ts";
import { addTools, buildTools, hasTools, kitFolder, TOOLS_ROOT } from "../nix/tools.ts";
import type { Context } from "../machine/context.ts";
import { applyStep } from "./apply_step.ts";
import { hostRecordStep } from "./plan/generated_files.ts";
import type { Plan } from "./plan/plan.ts";
import { hostFactsStep } from "./published_host.ts";
import type { LinkStep } from "./step.ts";

/** Keeps the tools from the garbage collector, for as long as the installation stands. */
export function toolsStep(path: string): LinkStep {
  return {
    kind: "link",
    id: "tools",
    title: "keep the tools from the garbage collector",
    path: TOOLS_ROOT,
    why: "host.json names them, also when no generation is left that has them",
    target: path,
  };
}

/** How the five tools come onto a machine that has none of them. */
interface WayOfTools {
  /** For the plan. */
  readonly words: string;
  /** @returns the store path; undefined where there is no way */
  readonly provide?: (ctx: Context) => Promise<string>;
}

/**
 * The tools of the USB kit that this is run from or that the source is of, else, when this runs from the
 * store, the package of the source; a published tree has none: then of the toolkit's own source.
 */
export function wayOfTools(ctx: Context, source: Plan["source"]): WayOfTools {
  const { HYPERVISOR_LAUNCHER: launcher, HYPERVISOR_SOURCE: own } = ctx.env;
  const kit = [...(source ? [source.listing.from] : []), ...(launcher ? [launcher] : [])]
    .map(kitFolder).find(hasTools);
  if (kit !== undefined) {
    return { words: "from the USB kit", provide: (ctx) => addTools(ctx, kit) };
  }
  const from = source?.layout === "published" ? own : source?.listing.from;
  const isPackage = ctx.env.HYPERVISOR_EXECUTABLE?.startsWith("/nix/store/") ?? false;
  return isPackage && from && layoutOfFolder(from) === "native"
    ? {
      words: "built from the source, which may need the network",
      provide: (ctx) => buildTools(ctx, from),
    }
    : { words: "no part of the new system: they stay where you started them" };
}

/**
 * Gives the machine the tools that host.json is to name, where it has none ({@link wayOfTools}). Without a
 * way the installation goes on and says so: the tools are then where they were started from.
 */
export async function provideTools(ctx: Context, plan: Plan, receipt: Receipt): Promise<void> {
  if (plan.host.version !== 2 || plan.host.tools !== null) return;
  const isPublished = layoutOfRecord(plan.host) === "published";
  if (plan.host.base === null && !isPublished) return;
  const { provide } = wayOfTools(ctx, plan.source);
  try {
    if (provide === undefined) {
      ctx.log.warn(
        "the five tools are not part of the new system: keep the ones that you started" +
          (isPublished ? "" : ", or build them there: nix build path:/etc/hypervisor/src"),
      );
      return;
    }
    const progress = ctx.ui.progress("putting the five tools into the store");
    const path = await provide(ctx);
    progress.done(`the five tools are in ${path}`);
    await applyStep(ctx, receipt, toolsStep(path));
    const host = { ...plan.host, tools: path };
    await applyStep(ctx, receipt, hostRecordStep(host));
    if (isPublished) await applyStep(ctx, receipt, hostFactsStep(host, mayLeadToOurs(ctx)));
    writeReceipt(ctx, receipt);
  } catch (error) {
    if (!(error instanceof ToolError) || ctx.signal.aborted) throw error;
    ctx.log.warn(`the five tools are not part of the new system: ${error.message}`);
  }
}
