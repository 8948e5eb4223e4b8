import type { ToolError } from "../machine/tool_error.ts";
import type { ConfigurationFacts } from "../nix/configuration_facts.ts";
import type { Disappearing } from "../rebuild/disappearing.ts";
import type { Verdict } from "../rebuild/verdict.ts";
import type { CarriedUser } from "./carry_users.ts";
import type { Setting } from "./setting.ts";
import type { Source } from "./source.ts";
import type { Steps } from "./step.ts";

/** What an installation will do to a machine, and what is known of it: data, to be shown or applied. */
export interface Plan {
  readonly hostName: string;
  /** The machine's `/` on this host. */
  readonly root: string;
  /** Undefined when none was found; then there is a blocker. */
  readonly source: Source | undefined;
  /** What would stop a real run, each with its exit code and what to do. */
  readonly blockers: readonly ToolError[];
  readonly warnings: readonly string[];
  /** The machine as it was found: label and value. */
  readonly machine: readonly (readonly [label: string, value: string])[];
  readonly users: readonly CarriedUser[];
  /** Accounts that stay behind, and why. */
  readonly leftBehind: readonly { readonly name: string; readonly reason: string }[];
  /** The name of the person at the keyboard. */
  readonly invokingUser: string | undefined;
  readonly settings: readonly Setting[];
  readonly steps: Steps;
  /** The existing configuration, where it could be evaluated. */
  readonly before: ConfigurationFacts | undefined;
  /** What the evaluation of the new configuration showed; the reason when it could not be evaluated. */
  readonly judgement: Judgement | { readonly unknown: string };
}

/** The new configuration, evaluated and held against the old one. */
export interface Judgement {
  /** Can someone still log in, and become root? Do the disks exist? */
  readonly verdicts: readonly Verdict[];
  readonly disappears: Disappearing;
  readonly failedAssertions: readonly string[];
}

/** Whether a judgement could be made. */
export function isJudged(judgement: Plan["judgement"]): judgement is Judgement {
  return "verdicts" in judgement;
}
