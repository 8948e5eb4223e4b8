import { amount } from "../layout/amount.ts";
import { session } from "../machine/accounts/session.ts";
import { readHostName } from "../machine/host_name.ts";
import type { Generation, runningOutsideProfile } from "../nix/generations.ts";
import type { Context } from "../machine/context.ts";
import { style } from "../layout/style.ts";
import { table } from "../layout/table.ts";
import type { CleanEntry } from "./generations/clean_plan.ts";
import { type Action, activates } from "./options.ts";
import type { ActivationOutcome } from "./activation/outcome.ts";
import type { NumberedSystem, RebuildResult } from "./rebuild_system.ts";

/** Says what a rebuild did. */
export function reportRebuild(ctx: Context, result: RebuildResult): void {
  const { action, before, after, outcome, log, toplevel } = result;
  if (action === "dry-build") {
    ctx.log.info(`this is what a build of ${result.host} would build and fetch`);
    return;
  }
  ctx.log.info(`built ${toplevel ?? "nothing"}${BUILT[action] ?? ""}`);
  if (outcome !== undefined) {
    ctx.log.info(`before: ${name(before)}`);
    ctx.log.info(`now:    ${name(after)}`);
    reportOutcome(ctx, outcome);
  } else if (activates(action)) ctx.log.info(`installed: ${name(after)}`);
  if (log !== undefined && outcome === undefined) ctx.log.info(`log: ${ctx.root.host(log)}`);
}

/** Says how an activation ended, and what to do next. */
export function reportOutcome(ctx: Context, outcome: ActivationOutcome): void {
  if (outcome.exitCode === 0) ctx.log.info(style.green(outcome.message));
  else ctx.log.error(outcome.message, outcome.hint);
  if (outcome.isActive && outcome.rebootNeededFor.length > 0) {
    ctx.log.info(`reboot to use the new ${outcome.rebootNeededFor.join(", ")}`);
  }
  if (outcome.rollbackCommand !== undefined && outcome.exitCode === 0) {
    // A line of its own, so that it can be copied; not into a terminal of the machine it was typed at.
    const here = session(ctx).kind === "ssh"
      ? `, on ${readHostName(ctx)?.name ?? "this machine"}`
      : "";
    ctx.log.info(`to go back${here}:`);
    ctx.out.print(`  ${outcome.rollbackCommand}`);
  }
  ctx.log.info(`log: ${outcome.log}`);
}

/**
 * The generations as a table, the newest last.
 * @param cleaned numbers of those that a cleaning would remove
 * @param running what runs, when it is no generation
 */
export function renderGenerations(
  generations: readonly Generation[],
  running: ReturnType<typeof runningOutsideProfile>,
  cleaned: readonly number[],
  columns: number,
): string {
  if (generations.length === 0 && running === undefined) return "there are no generations";
  const rows = generations.map((one) => [
    String(one.number),
    one.made.toISOString().slice(0, 19).replace("T", " "),
    one.nixosVersion ?? "?",
    one.kernelVersion ?? "?",
    [
      one.isDefault ? "default" : "",
      one.isRunning ? "running" : "",
      one.isBooted ? "booted" : "",
      cleaned.includes(one.number) ? "--clean removes it" : "",
    ].filter((word) => word !== "").join(", "),
  ]);
  if (running !== undefined) {
    const { nixosVersion, kernelVersion } = running;
    rows.push(["none", "–", nixosVersion ?? "?", kernelVersion ?? "?", "running"]);
  }
  return table(["Generation", "Made (UTC)", "NixOS", "Kernel", ""], rows, columns);
}

/**
 * What a cleaning keeps, with why, and removes.
 * @param freed bytes on the boot partition
 */
export function renderClean(
  entries: readonly CleanEntry[],
  freed: number,
  columns: number,
): string {
  const rows = entries.map(({ generation, kept }) => [
    kept.length === 0 ? style.red("remove") : "keep",
    String(generation.number),
    generation.made.toISOString().slice(0, 10),
    kept.join(", "),
  ]);
  const room = freed === 0 ? "" : `\n  frees ${amount(freed)} where the boot loader keeps kernels`;
  return table(["", "Generation", "Made", "kept because"], rows, columns) + room;
}

/** What is said of an action that does no more than build. */
const BUILT: Readonly<Partial<Record<Action, string>>> = {
  build: "; nothing was activated",
  "dry-activate": "; above is what its activation would do",
};

function name({ generation, toplevel }: NumberedSystem): string {
  if (toplevel === null) return "not known";
  // Without the store's hash: the number and the version say more to people.
  const system = toplevel.replace(/^.*\/[0-9a-z]{32}-(nixos-system-)?/, "");
  return generation === null ? `${system} (no generation)` : `generation ${generation}, ${system}`;
}
