import { lutimesSync } from "node:fs";
import { ExitCode } from "../../machine/exit_code.ts";
import { linkAtomic, lstatIfExists, parentOf } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { bootDefault, type Generation, generations } from "../../nix/generations.ts";
import type { Context } from "../../machine/context.ts";
import { type CleanEntry, cleanPlan, type CleanRule } from "./clean_plan.ts";
import { settleEarlierActivation } from "../activation/earlier_activation.ts";
import { renderClean } from "../report.ts";
import { freedOnBoot } from "./space.ts";

/** What a cleaning looked at, and what it removed. */
export interface Cleaning {
  readonly entries: readonly CleanEntry[];
  /** Numbers of generations; none when the answer was no. */
  readonly removed: readonly number[];
}

/**
 * Removes generations that nothing needs any more, after showing which and asking, and writes the boot
 * menu without them. All or none: when the menu cannot be written, they are there again. The store is
 * not touched; what only they needed goes at its next garbage collection. Needs root and the lock.
 * @throws ToolError exit 4 for a mounted machine, exit 1 when an activation is under way or the boot menu
 *   could not be written, else as `cleanPlan`
 */
export async function cleanGenerations(ctx: Context, rule: CleanRule): Promise<Cleaning> {
  if (!ctx.root.isRunning) {
    throw new ToolError("--clean needs a running machine", {
      code: ExitCode.InvalidArguments,
      hint: "start the mounted machine, and run it there",
    });
  }
  await settleEarlierActivation(ctx);
  const entries = await cleanPlan(ctx, generations(ctx), rule);
  const going = entries.filter(({ kept }) => kept.length === 0).map(({ generation }) => generation);
  ctx.out.print(renderClean(entries, freedOnBoot(ctx, going), ctx.out.columns));
  if (going.length === 0) {
    ctx.log.info("nothing is to be removed");
    return { entries, removed: [] };
  }
  const message = `Remove ${going.length === 1 ? "this generation" : "these generations"}?`;
  if (!await ctx.ui.confirm({ message, option: "--yes", default: true })) {
    ctx.log.info("nothing was removed");
    return { entries, removed: [] };
  }
  await remove(ctx, going);
  const removed = going.map(({ number }) => number);
  ctx.log.info(
    `removed ${removed.length === 1 ? "generation" : "generations"} ${removed.join(", ")}`,
  );
  ctx.log.info("to free the store of what only they needed: sudo nix-collect-garbage");
  return { entries, removed };
}

async function remove(
  ctx: Context,
  going: readonly Generation[],
): Promise<void> {
  const toplevel = bootDefault(ctx);
  const onLine = (line: string) => ctx.out.print(line);
  // A menu that names what is gone would be worse than one run that takes a little longer.
  ctx.passPointOfNoReturn();
  try {
    await ctx.run("nix-env", [
      ...["-p", ctx.root.host(places.systemProfile), "--delete-generations"],
      ...going.map(({ number }) => String(number)),
    ], { signal: null, onLine });
    await ctx.run(`${toplevel}/bin/switch-to-configuration`, ["boot"], {
      env: { NIXOS_INSTALL_BOOTLOADER: "0" },
      signal: null,
      onLine,
    });
  } catch (error) {
    for (const generation of going) putBack(ctx, generation);
    if (!(error instanceof ToolError)) throw error;
    throw new ToolError(`the boot menu could not be written anew: ${error.message}`, {
      cause: error,
      hint: "every generation is there as before; what it says above has to be mended first",
    });
  }
}

/** The link as `nix-env` made it, with its age; nothing has been collected since. */
function putBack(ctx: Context, { number, toplevel, made }: Generation): void {
  const link = ctx.root.host(`${parentOf(places.systemProfile)}/system-${number}-link`);
  if (lstatIfExists(link) !== undefined) return;
  linkAtomic(toplevel, link);
  lutimesSync(link, made, made);
}
