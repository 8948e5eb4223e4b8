import { encodeHostRecord, requireHostRecord } from "../machine/host_record.ts";
import { linkAtomic, writeFileAtomic } from "../machine/files/files.ts";
import { places } from "../machine/places.ts";
import { latestInstallation, readReceipts, writeReceipt } from "../machine/receipt.ts";
import { sha256 } from "../machine/files/sha256.ts";
import { ToolError } from "../machine/tool_error.ts";
import { buildTools, TOOLS_ROOT } from "../nix/tools.ts";
import type { Context } from "../machine/context.ts";

/**
 * Gives the machine the tools of the tree that it has now, where they are a store path that host.json
 * names: a host on its owner's nixpkgs does not build them itself. What cannot be built (no network
 * for the tree's own nixpkgs) stays as it is, and that is said. The receipt follows, so that an undo
 * takes these for what the installation made.
 */
export async function renewTools(ctx: Context): Promise<void> {
  const record = requireHostRecord(ctx);
  if (!record?.base || !record.tools) return;
  const progress = ctx.ui.progress("building the five tools of the new tree");
  let tools: string;
  try {
    tools = await buildTools(ctx, ctx.root.follow(places.source));
  } catch (error) {
    if (!(error instanceof ToolError) || ctx.signal.aborted) throw error;
    progress.fail("the five tools stay as they are");
    ctx.log.warn(`the tools of the new tree could not be built: ${error.message}`);
    return;
  }
  progress.done("the five tools are those of the tree");
  if (tools === record.tools) return;
  const text = encodeHostRecord({ ...record, tools });
  linkAtomic(tools, ctx.root.host(TOOLS_ROOT));
  writeFileAtomic(ctx.root.host(places.hostRecord), text, { mode: 0o644 });
  const receipt = latestInstallation(readReceipts(ctx));
  if (receipt === undefined) return;
  for (const step of receipt.steps) {
    if (step.state !== "done") continue;
    if (step.path === TOOLS_ROOT) step.after = tools;
    if (step.path === places.hostRecord) step.after = sha256(text);
  }
  writeReceipt(ctx, receipt);
}
