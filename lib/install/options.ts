import type { TreeLayout } from "../machine/tree_layout.ts";
import { isHostLabel } from "../machine/host_name.ts";

/** What the user asked of an installation on the command line; `undefined` is "not said". */
export interface InstallOptions {
  readonly hostname: string | undefined;
  readonly action: "build" | "test" | "switch" | undefined;
  /** Replace an existing `/etc/hypervisor/src` without asking. */
  readonly force: boolean;
  readonly source: string | undefined;
  readonly reboot: boolean;
  readonly fast: boolean;
  readonly skipUpdateCheck: boolean;
  readonly users: readonly string[] | undefined;
  readonly stateVersion: string | undefined;
  /** The new host is the owner's configuration with Hyper-NixOS added; else a list of settings is carried. */
  readonly keepConfig: boolean;
  /** The owner's configuration: a configuration.nix, or a flake with an optional `#HOST`. */
  readonly config: string | undefined;
  /** A published tree may be of an older NixOS release than the machine. */
  readonly allowDowngrade: boolean;
  /** Seconds after which an activation goes back by itself unless confirmed. */
  readonly confirm: number | undefined;
  /** Go on although guests that run may be stopped. */
  readonly restartGuests: boolean;
  /** Show of each step what it is for. */
  readonly explain: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/**
 * The options as they hold for a source. A published tree is no module that could be added to an owner's
 * configuration: its host is made as one without a base.
 */
export function optionsFor<T extends InstallOptions>(options: T, layout?: TreeLayout): T {
  return layout === "published" ? { ...options, keepConfig: false } : options;
}

/** What is wrong with a host name; undefined for a good one. */
export function hostNameProblem(name: string): string | undefined {
  if (isHostLabel(name)) return undefined;
  if (name.length > 63) return "a host name has at most 63 characters";
  if (name.includes(".")) return "give the host name without its domain";
  return "a host name is made of letters, digits and inner hyphens (RFC 1123)";
}

/** `system.stateVersion`: the NixOS release that was first installed, such as 23.11. */
const STATE_VERSION = /^\d\d\.(05|11|03|09)$/;

/** What is wrong with a state version; undefined for a good one. */
export function stateVersionProblem(version: string): string | undefined {
  return STATE_VERSION.test(version)
    ? undefined
    : "a state version is a NixOS release, for example 23.11";
}
