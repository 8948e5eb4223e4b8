import type { ConfigurationFacts } from "../nix/evaluation/configuration_facts.ts";
import type { Identity } from "../nix/evaluation/identity.ts";
import type { HandedOptions } from "./handed_options.ts";

/** The configuration that runs, as a caller has read it. */
export interface RunningConfiguration {
  readonly facts: ConfigurationFacts | undefined;
  /** What what boots and lets people in must stay like: the owner's own configuration, adopted. */
  readonly adopted?: Identity | undefined;
}

/** What is about to be activated. */
interface Activating {
  readonly action: "test" | "switch" | "boot";
  /** Undefined on a mounted machine, where nixos-install builds and installs in one go. */
  readonly toplevel: string | undefined;
}

/**
 * What a caller does at the turning points of `rebuildSystem`. Each is waited for, and what it throws
 * ends the flow there.
 */
export interface RebuildHooks {
  /** The system was built and nothing else was done; on a mounted machine it was installed too. */
  readonly built?: () => void | Promise<void>;
  /** Every check has passed, and the activation begins as soon as this returns. */
  readonly activating?: (activating: Activating) => void | Promise<void>;
  /** The activation has ended, however it did. */
  readonly activated?: (activated: Activating) => void | Promise<void>;
}

/** What to do with a configuration; the reference's actions. */
export type Action = "build" | "test" | "switch" | "boot" | "dry-build" | "dry-activate";

/** What a rebuild is asked to do; the options of `rebuild-helper`. */
export interface RebuildOptions {
  readonly action: Action;
  /**
   * A folder, a flake.nix, or a flake reference, each with or without `#host`; the installed tree when
   * not given, on a machine without an installation what is in /etc/nixos.
   */
  readonly flake?: string | undefined;
  /** The attribute of `nixosConfigurations`; see `findTarget()` for when it is not given. */
  readonly host?: string | undefined;
  /** The specialisation to activate, false for none; the one that runs when not given. */
  readonly specialisation?: string | false | undefined;
  readonly impure: boolean;
  /** Go back unless confirmed within so many seconds; asked over SSH when not given. */
  readonly confirm?: number | undefined;
  /** Go on although guests that run may be stopped. */
  readonly restartGuests: boolean;
  /** `[USER@]HOST` of the machine that builds; this one when not given. */
  readonly buildHost?: string | undefined;
  /** Options that the evaluation and the build are given alike; their settings are in `ctx` already. */
  readonly handed?: HandedOptions | undefined;
  /**
   * The configuration that runs, where the caller has read it: what the proofs compare with when nothing
   * was recorded of the running system.
   */
  readonly running?: RunningConfiguration | undefined;
  /** Those of the installed tree's receipt when not given. */
  readonly hooks?: RebuildHooks | undefined;
}

/** Whether an action changes what runs or what boots. */
export function activates(action: Action): action is "test" | "switch" | "boot" {
  return action === "test" || action === "switch" || action === "boot";
}
