import type { Context } from "../machine/context.ts";
import type { Facts } from "./facts.ts";

/** The groups of the report, in its order (reference, "What It Checks"). */
export const GROUPS = [
  "Core Directories",
  "Configuration Files",
  "System Services",
  "Security",
  "Resources",
] as const;
/** One of {@link GROUPS}. */
export type CheckGroup = typeof GROUPS[number];

/** `skip`: it was not looked at, and the detail says why; never a pass for what was not seen. */
export type Status = "pass" | "warn" | "fail" | "skip";

/** What a check found. */
export interface Finding {
  readonly status: Status;
  /** One sentence without final period. */
  readonly detail: string;
  /** What to do about it: a command where there is one. */
  readonly remedy?: string;
  /** All it concerns (paths, units, names); the detail may name the first ones only. */
  readonly items?: readonly string[];
  /** A skip because this user may not look. */
  readonly denied?: boolean;
}

/** One thing that a repair did. */
export interface Change {
  /** The path, as this machine names it. */
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** One thing to look at. */
export interface Check {
  /** Stable, in kebab case: part of the JSON document. */
  readonly id: string;
  readonly group: CheckGroup;
  /** What is looked at, in two or three words. */
  readonly title: string;
  /** The worst it says: a check of severity "warning" never fails. */
  readonly severity: "error" | "warning";
  /** Whether `--quick` looks: no evaluation, no network, nothing that takes long. */
  readonly quick: boolean;
  /** Whether a failure stops an update, because the update could not succeed or would do harm. */
  readonly blocksUpdate: boolean;
  /**
   * Looks, and changes nothing. May throw what reading throws: permission denied and {@link NotLookedAt}
   * become a skip, a ToolError of the configuration a failure, other system errors a skip.
   */
  readonly check: (ctx: Context, facts: Facts) => Finding | Promise<Finding>;
  /**
   * Repairs what is safe to repair, as root and holding the lock; deletes no data. Empty when there is
   * nothing that it may do.
   */
  readonly fix?: (ctx: Context) => Change[] | Promise<Change[]>;
}

const USUAL = { severity: "error", quick: true, blocksUpdate: false } as const;

/** A check as it is declared: what is not said is as usual (error, quick, stops no update). */
export type CheckSpec = Omit<Check, "group" | keyof typeof USUAL> & Partial<Check>;

/** The checks of a group; one may name another group. */
export function checksOf(group: CheckGroup, specs: readonly CheckSpec[]): Check[] {
  return specs.map((spec) => ({ group, ...USUAL, ...spec }));
}

/** It is as it should be. */
export function pass(detail: string): Finding {
  return { status: "pass", detail };
}

/** It works, but somebody should look. */
export function warn(detail: string, remedy: string, items?: readonly string[]): Finding {
  return { status: "warn", detail, remedy, ...(items ? { items } : {}) };
}

/** It is broken. */
export function fail(detail: string, remedy: string, items?: readonly string[]): Finding {
  return { status: "fail", detail, remedy, ...(items ? { items } : {}) };
}

/** It was not looked at. */
export function skip(reason: string): Finding {
  return { status: "skip", detail: reason };
}

/** This user may not look. */
export function denied(what: string): Finding {
  return { status: "skip", detail: `${what}: permission denied`, denied: true };
}

/** The first few of a list, for a sentence: `a, b, c and 12 more`. */
export function some(items: readonly string[], few = 3): string {
  const shown = items.slice(0, few).join(", ");
  return items.length > few ? `${shown} and ${items.length - few} more` : shown;
}
