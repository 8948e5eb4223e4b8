import { readReceipts } from "../../machine/receipt.ts";
import { unfinishedActivation } from "../../nix/activation/activation_progress.ts";
import { bootedSystem, currentSystem, type Generation } from "../../nix/generations.ts";
import { isSystemOrItsOwn } from "../../nix/specialisation.ts";
import type { Context } from "../../machine/context.ts";
import { generationBefore } from "../activation/previous_system.ts";

/** Which generations are kept besides those that something needs. */
export interface CleanRule {
  /** The newest ones, at least 1. */
  readonly keep: number;
  /** Those made in the last so many days. */
  readonly keepSince: number;
}

/** What `--clean` keeps, as far as the command line says it. */
export function cleanRule(
  { keep = 5, keepSince = 14 }: { readonly [K in keyof CleanRule]?: CleanRule[K] | undefined },
): CleanRule {
  return { keep, keepSince };
}

const DAY = 24 * 60 * 60 * 1000;

/** A generation, and why it stays. */
export interface CleanEntry {
  readonly generation: Generation;
  /** In a few words each; without any it would be removed. */
  readonly kept: readonly string[];
}

/**
 * Says which generations a cleaning keeps, and why: what runs, boots, was booted, is the way back of a
 * rollback or of an installation that can be undone, or has to do with an activation that waits for its
 * confirmation, is kept whatever the rule says. Changes nothing.
 * @param all every generation, oldest first
 * @throws ToolError exit 6 for a receipt that cannot be understood: it may name a way back
 * @throws Deno.errors.PermissionDenied when run by who may not read the receipts
 */
export async function cleanPlan(
  ctx: Context,
  all: readonly Generation[],
  rule: CleanRule,
): Promise<CleanEntry[]> {
  const needed = await neededSystems(ctx);
  const wayBack = generationBefore(ctx)?.number;
  const youngest = new Set(all.slice(-rule.keep));
  const since = ctx.now().getTime() - rule.keepSince * DAY;
  return all.map((generation) => ({
    generation,
    kept: [
      ...(generation.isDefault ? ["boots"] : []),
      ...needed.filter(([toplevel]) => isSystemOrItsOwn(ctx, generation.toplevel, toplevel)).map((
        [, why],
      ) => why),
      ...(generation.number === wayBack ? ["--rollback leads to it"] : []),
      ...(youngest.has(generation) ? [`of the newest ${rule.keep}`] : []),
      ...(generation.made.getTime() > since ? [`of the last ${rule.keepSince} days`] : []),
    ].filter((why, index, reasons) => reasons.indexOf(why) === index),
  }));
}

/** Systems that must stay, each with what for. */
async function neededSystems(ctx: Context): Promise<[toplevel: string, why: string][]> {
  const installations = readReceipts(ctx)
    .filter(({ state }) => state !== "undone" && state !== "reverted")
    .flatMap(({ startedAt, previousSystem, previousDefault }) =>
      [previousSystem, previousDefault].map((toplevel) =>
        [toplevel, `way back of the installation of ${startedAt.slice(0, 10)}`] as const
      )
    );
  const activation = (await unfinishedActivation(ctx))?.status;
  const waiting = activation === undefined || activation.phase === "done"
    ? []
    : [activation.toplevel, activation.previous, activation.previousDefault]
      .map((toplevel) => [toplevel, "an activation is not settled"] as const);
  const all: (readonly [string | null | undefined, string])[] = [
    [currentSystem(ctx), "runs"],
    [bootedSystem(ctx), "was booted"],
    ...installations,
    ...waiting,
  ];
  return all.flatMap(([toplevel, why]) => toplevel ? [[toplevel, why]] : []);
}
