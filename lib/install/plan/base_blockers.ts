import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { MachineReading } from "./machine_reading.ts";
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
        : withWays(factsProblem),
    ];
  }
  const vital = facts?.unreadable?.filter((place) => VITAL.test(place)) ?? [];
  if (vital.length > 0) {
    return [refusal(`your configuration does not say: ${vital.join(", ")}`, EVALUATE_FIRST)];
  }
  if (!options.keepConfig) return [];
  return [
    ...releaseBlockers(facts?.nixosVersion ?? undefined),
    ...optionBlockers(options, reading),
  ];
}

const EVALUATE_FIRST =
  "make it evaluate first (nixos-rebuild dry-build shows why), then run it again";
const NO_BASE =
  "name it with --config PATH or --config FLAKE#HOST, or start without it: --no-keep-config";

function withWays(error: ToolError): ToolError {
  const hint = error.hint ? `${error.hint}; or ` : "";
  return new ToolError(error.message, {
    code: error.code,
    hint: `${hint}start without your configuration: --no-keep-config`,
    cause: error,
  });
}

function releaseBlockers(version: string | undefined): ToolError[] {
  const release = version?.match(/^\d\d\.\d\d/)?.[0];
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

function refusal(message: string, hint: string): ToolError {
  return new ToolError(message, { code: ExitCode.Configuration, hint });
}
