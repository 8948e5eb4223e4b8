import { currentSystem, type Generation } from "../nix/generations.ts";
import { runningSpecialisation } from "../nix/running_specialisation.ts";
import type { Context } from "../machine/context.ts";
import type { Cleaning } from "./generations/clean.ts";
import type { CleanEntry } from "./generations/clean_plan.ts";
import type { ActivationOutcome } from "./activation/outcome.ts";
import type { NumberedSystem, RebuildResult } from "./rebuild_system.ts";

/** `rebuild-helper --json ACTION`, version 1. Members that are not known are null. */
export interface RebuildDocument {
  readonly version: 1;
  readonly action: string;
  readonly flake: string | null;
  readonly host: string | null;
  readonly specialisation: string | null;
  readonly nixOptions: readonly string[];
  readonly commit: string | null;
  readonly toplevel: string | null;
  readonly log: string | null;
  readonly before: NumberedSystem;
  readonly after: NumberedSystem;
  readonly changes: string | null;
  readonly outcome: OutcomeDocument | null;
}

/** How an activation ended; also `rebuild-helper --json --rollback` and `--confirmed`, version 1. */
export interface OutcomeDocument {
  readonly version: 1;
  readonly kind: ActivationOutcome["kind"];
  readonly action: string;
  readonly toplevel: string;
  readonly previous: string | null;
  readonly switchCode: number | null;
  readonly newFailedUnits: readonly string[];
  readonly rebootNeededFor: readonly string[];
  readonly rollbackCommand: string | null;
  readonly message: string;
  readonly hint: string | null;
  readonly log: string;
}

/** `rebuild-helper --json --list-generations`, version 1. */
export interface GenerationsDocument {
  readonly version: 1;
  readonly generations: readonly {
    readonly generation: number;
    readonly toplevel: string;
    /** ISO 8601. */
    readonly made: string;
    readonly default: boolean;
    readonly running: boolean;
    readonly booted: boolean;
    readonly nixosVersion: string | null;
    readonly kernelVersion: string | null;
    readonly configurationRevision: string | null;
    readonly specialisations: readonly string[];
    /** Why `--clean` would keep it; empty when it would not, null when that may not be known. */
    readonly kept: readonly string[] | null;
  }[];
  /** What runs; it is no generation after a test. */
  readonly running: NumberedSystem & { readonly specialisation: string | null };
}

/** `rebuild-helper --json --clean`, version 1. */
export interface CleaningDocument {
  readonly version: 1;
  readonly generations: readonly {
    readonly generation: number;
    readonly toplevel: string;
    /** ISO 8601. */
    readonly made: string;
    /** Why it stays; empty for one that was to be removed. */
    readonly kept: readonly string[];
  }[];
  /** Numbers; empty when the answer was no. */
  readonly removed: readonly number[];
}

/** A cleaning as a document. */
export function cleaningDocument({ entries, removed }: Cleaning): CleaningDocument {
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

/** A rebuild as a document. */
export function rebuildDocument(ctx: Context, result: RebuildResult): RebuildDocument {
  return {
    version: 1,
    action: result.action,
    flake: result.flake ?? null,
    host: result.host ?? null,
    specialisation: result.specialisation ?? null,
    nixOptions: result.nixOptions,
    commit: result.commit ?? null,
    toplevel: result.toplevel ?? null,
    log: result.log === undefined ? null : ctx.root.host(result.log),
    before: result.before,
    after: result.after,
    changes: result.changes ?? null,
    outcome: result.outcome === undefined ? null : outcomeDocument(result.outcome),
  };
}

/** An activation's end as a document. */
export function outcomeDocument(outcome: ActivationOutcome): OutcomeDocument {
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

/** The generations as a document, oldest first. */
export function generationsDocument(
  ctx: Context,
  generations: readonly Generation[],
  entries: readonly CleanEntry[] | undefined,
): GenerationsDocument {
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
