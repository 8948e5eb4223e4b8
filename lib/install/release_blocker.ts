import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { MachineReading } from "./plan/machine_reading.ts";
import type { InstallOptions } from "./options.ts";

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
  return new ToolError(`this tree is of NixOS ${release}, and ${newer.join(" ")}`, {
    code: ExitCode.Configuration,
    hint: "take a newer commit of it; if an older system is what you want: --allow-downgrade",
  });
}

function releaseOf(version: string | null | undefined): string | undefined {
  return version?.match(/^\d\d\.\d\d/)?.[0];
}
