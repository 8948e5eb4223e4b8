import { currentSystem, type Generation } from "../nix/generations.ts";
import { runningSpecialisation } from "../nix/running_specialisation.ts";
import type { Context, Document } from "../machine/context.ts";
import type { Cleaning } from "./generations/clean.ts";
import type { CleanEntry } from "./generations/clean_plan.ts";
import type { ActivationOutcome } from "./activation/outcome.ts";
import type { RebuildResult } from "./rebuild_system.ts";

/** Its members are those of docs/json.md; what is not known is null. */
type Described = Document & Readonly<Record<string, unknown>>;

/** `rebuild-helper --json --clean`. */
export function cleaningDocument({ entries, removed }: Cleaning): Described {
  return {
    version: 1,
    generations: entries.map(({ generation, kept }) => ({
      generation: generation.number,
      toplevel: generation.toplevel,
      made: generation.made.toISOString(),
      kept,
    })),
    removed,
  };
}

/** `rebuild-helper --json ACTION`. */
export function rebuildDocument(ctx: Context, result: RebuildResult): Described {
  return {
    version: 1,
    action: result.action,
    flake: result.flake ?? null,
    host: result.host ?? null,
    specialisation: result.specialisation ?? null,
    nixOptions: result.nixOptions ?? [],
    commit: result.commit ?? null,
    toplevel: result.toplevel ?? null,
    log: result.log === undefined ? null : ctx.root.host(result.log),
    before: result.before,
    after: result.after,
    changes: result.changes ?? null,
    outcome: result.outcome === undefined ? null : outcomeDocument(result.outcome),
  };
}

/** How an activation ended; also `rebuild-helper --json --rollback` and `--confirmed`. */
export function outcomeDocument(outcome: ActivationOutcome): Described {
  return {
    version: 1,
    kind: outcome.kind,
    action: outcome.action,
    toplevel: outcome.toplevel,
    previous: outcome.previousToplevel ?? null,
    switchCode: outcome.switchCode,
    newFailedUnits: outcome.newFailedUnits,
    rebootNeededFor: outcome.rebootNeededFor,
    rollbackCommand: outcome.rollbackCommand ?? null,
    message: outcome.message,
    hint: outcome.hint ?? null,
    log: outcome.log,
  };
}

/** `rebuild-helper --json --list-generations`: oldest first. */
export function generationsDocument(
  ctx: Context,
  generations: readonly Generation[],
  entries: readonly CleanEntry[] | undefined,
): Described {
  const running = currentSystem(ctx);
  return {
    version: 1,
    generations: generations.map((one) => ({
      generation: one.number,
      toplevel: one.toplevel,
      made: one.made.toISOString(),
      default: one.isDefault,
      running: one.isRunning,
      booted: one.isBooted,
      nixosVersion: one.nixosVersion ?? null,
      kernelVersion: one.kernelVersion ?? null,
      configurationRevision: one.configurationRevision ?? null,
      specialisations: one.specialisations,
      kept: entries?.find(({ generation }) => generation.number === one.number)?.kept ?? null,
    })),
    running: {
      generation: generations.findLast(({ isRunning }) => isRunning)?.number ?? null,
      toplevel: running ?? null,
      specialisation: runningSpecialisation(ctx) ?? null,
    },
  };
}
