import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { MachineReading } from "./machine_reading.ts";
import { withHint } from "../failure_hints.ts";
import type { InstallOptions } from "../options.ts";

/** The oldest NixOS that the module is evaluated with. */
const OLDEST_RELEASE = "24.05";
/** Parts that decide whether the machine comes back: without knowing them nothing is safe. */
const VITAL = /^(boot|fileSystems|firewall|network|pam|ssh|sudo|swapDevices|users)(\.|$)/;

/** What stands against a machine's own configuration as it is, before anything was asked. */
export function baseBlockers(options: InstallOptions, reading: MachineReading): ToolError[] {
  const { facts, factsProblem, base } = reading;
  if (facts?.problem !== undefined) {
    return [refusal(`your configuration does not evaluate: ${facts.problem}`, EVALUATE_FIRST)];
  }
  if (options.keepConfig && (base === undefined || facts === undefined)) {
    return [
      factsProblem === undefined
        ? refusal("no configuration of this machine was found", NO_BASE)
        : withHint(factsProblem, "; or ", "start without your configuration: --no-keep-config"),
    ];
  }
  const vital = facts?.unreadable?.filter((place) => VITAL.test(place)) ?? [];
  if (vital.length > 0) {
    return [
      refusal(
        `parts of your configuration that bring this machine back do not evaluate: ${
          vital.join(", ")
        }`,
        EVALUATE_FIRST,
      ),
    ];
  }
  if (!options.keepConfig) return [];
  return [
    ...releaseBlockers(facts?.nixosVersion),
    ...optionBlockers(options, reading),
  ];
}

const EVALUATE_FIRST =
  "make it evaluate first (nixos-rebuild dry-build shows why), then run it again";
const NO_BASE =
  "name it with --config PATH or --config FLAKE#HOST, or start without it: --no-keep-config";

function releaseBlockers(version: string | null | undefined): ToolError[] {
  const release = releaseOf(version);
  if (release === undefined || release >= OLDEST_RELEASE) return [];
  return [refusal(
    `your configuration is built by NixOS ${release}; Hyper-NixOS needs ${OLDEST_RELEASE} or later`,
    `update first: nix-channel --add https://nixos.org/channels/nixos-${OLDEST_RELEASE} nixos; ` +
      "nixos-rebuild switch --upgrade (or the nixpkgs input of your flake)",
  )];
}

/** The base says it all: an option that would be ignored is refused. */
function optionBlockers(options: InstallOptions, { facts }: MachineReading): ToolError[] {
  const { stateVersion } = options;
  if (stateVersion === undefined || stateVersion === facts?.stateVersion) return [];
  return [
    new ToolError(
      `--state-version ${stateVersion}: your configuration says ${
        facts?.stateVersion ?? "none"
      }, and it is kept`,
      {
        code: ExitCode.InvalidArguments,
        hint: "leave the option out, or set system.stateVersion in your configuration",
      },
    ),
  ];
}

/**
 * A published tree brings its own nixpkgs: one that is older than what runs, or than the release whose
 * data formats the machine has (its state version), would be a downgrade that nobody asked for.
 * @param version of the new system, for example `25.05.20251015.98ff3f9`; undefined while unknown
 * @returns exit 6, unless the owner allows it
 */
export function releaseBlocker(
  options: InstallOptions,
  { facts }: MachineReading,
  version: string | undefined,
): ToolError | undefined {
  const release = releaseOf(version);
  if (release === undefined || options.allowDowngrade) return undefined;
  const newer = [
    ["your configuration is of NixOS", releaseOf(facts?.nixosVersion)],
    [
      "the state version of this machine is",
      releaseOf(options.stateVersion ?? facts?.stateVersion),
    ],
  ].find(([, own]) => own !== undefined && own > release);
  if (newer === undefined) return undefined;
  return refusal(
    `this tree is of NixOS ${release}, and ${newer.join(" ")}`,
    "take a newer commit of it; if an older system is what you want: --allow-downgrade",
  );
}

function releaseOf(version: string | null | undefined): string | undefined {
  return version?.match(/^\d\d\.\d\d/)?.[0];
}

function refusal(message: string, hint: string): ToolError {
  return new ToolError(message, { code: ExitCode.Configuration, hint });
}
