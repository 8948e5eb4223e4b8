import type { HostRecord } from "../../machine/host_record.ts";
import type { ToolError } from "../../machine/tool_error.ts";
import type { Base } from "../../nix/evaluation/base.ts";
import type { Comparison } from "../../nix/evaluation/identity.ts";
import type { Disappearing } from "../../rebuild/proofs/disappearing.ts";
import type { RunningConfiguration } from "../../rebuild/options.ts";
import type { Supply, UnknownSupply } from "../../nix/store/supply.ts";
import type { Verdict } from "../../rebuild/proofs/verdict.ts";
import type { Decisions } from "../answers.ts";
import type { CarriedUser } from "../carry/carry_users.ts";
import type { NotCarried } from "../carry/not_carried.ts";
import type { RunningSystem } from "./running_system.ts";
import type { Setting } from "../carry/setting.ts";
import type { Disagreement } from "../carry/tree_settings.ts";
import type { Source } from "../source/source.ts";
import type { Step } from "../step.ts";

/** What an installation will do to a machine, and what is known of it: data, to be shown or applied. */
export interface Plan {
  readonly hostName: string;
  /** What the options decided; the rest is as found. */
  readonly decisions: Decisions;
  /** The machine's `/` on this host. */
  readonly root: string;
  /** Undefined when none was found; then there is a blocker. */
  readonly source: Source | undefined;
  readonly host: HostRecord;
  /** The owner's configuration, where the new host is made on it. */
  readonly base: Base | undefined;
  /** Of the owner's configuration. */
  readonly nixosVersion: string | undefined;
  /** NixOS's version of a host that is made without a base, where it could be evaluated. */
  readonly newNixosVersion?: string | undefined;
  /** How that configuration and the system that runs are related. */
  readonly running: RunningSystem;
  /** What would stop a real run, each with its exit code and what to do. */
  readonly blockers: readonly ToolError[];
  /** What only a person can decide; without one the run ends there. */
  readonly questions: readonly PlanQuestion[];
  readonly warnings: readonly string[];
  /** The machine as it was found: label and value. */
  readonly machine: readonly (readonly [label: string, value: string])[];
  readonly users: readonly CarriedUser[];
  /** Accounts that stay behind, and why. */
  readonly leftBehind: readonly { readonly name: string; readonly reason: string }[];
  /** The name of the person at the keyboard. */
  readonly invokingUser: string | undefined;
  readonly settings: readonly Setting[];
  /**
   * What the owner's configuration says besides, where it is not the base; why that is not known;
   * undefined with a base, and where that configuration was not found or not evaluated.
   */
  readonly notCarried: NotCarried | { readonly unknown: string } | undefined;
  /** What a source tree says otherwise than the machine, and who wins; none with a base. */
  readonly disagreements: readonly Disagreement[];
  readonly steps: readonly Step[];
  /** What the build takes from elsewhere, where that was looked at. */
  readonly supply: Supply | UnknownSupply | undefined;
  /** The existing configuration, as the proofs before an activation hold the new one against it. */
  readonly before: RunningConfiguration;
  /** What the evaluation of the new configuration showed; the reason when it could not be evaluated. */
  readonly judgement: Judgement | { readonly unknown: string };
  /** What stays exactly as it is and what does not; undefined where one could not be evaluated. */
  readonly comparison: Comparison | undefined;
}

/** What only a person can decide. */
export interface PlanQuestion {
  /** What was found, as a sentence; its head in the plan. */
  readonly found: string;
  readonly details: readonly string[];
  /** The details for a screen, where what is alike is told as one. */
  readonly brief?: readonly string[];
  /** The question, answered by yes or no. */
  readonly ask: string;
  /** What to do otherwise; also where nobody can be asked. */
  readonly hint: string;
}

/** The new configuration, evaluated and held against the old one. */
export interface Judgement {
  /** Can someone still log in, and become root? Do the disks exist? */
  readonly verdicts: readonly Verdict[];
  readonly disappears: Disappearing;
  readonly failedAssertions: readonly string[];
  /** Whether the new host has libvirtd. */
  readonly hostsGuests: boolean;
  /** What its automatic upgrades build, where they name a flake. */
  readonly autoUpgradeFlake: string | undefined;
}

/** Whether a judgement could be made. */
export function isJudged(judgement: Plan["judgement"]): judgement is Judgement {
  return "verdicts" in judgement;
}
