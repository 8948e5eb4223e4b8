import type { Context } from "./context.ts";
import { machineHas, machineText } from "./files/machine_files.ts";
import { parseShellAssignments } from "./shell_assignments.ts";

/** What the machine runs; os-release(5). */
export interface OsRelease {
  /** For people: "NixOS 24.05 (Uakari)". */
  readonly prettyName: string | undefined;
  /** The marker /etc/NIXOS, or the ID: nixos-enter and nixos-rebuild look at the same. */
  readonly isNixos: boolean;
}

/** Reads /etc/os-release, or where it is missing /usr/lib/os-release. */
export function readOsRelease(ctx: Context): OsRelease {
  const text = machineText(ctx, "/etc/os-release") ?? machineText(ctx, "/usr/lib/os-release") ?? "";
  const values = parseShellAssignments(text);
  return {
    prettyName: values.get("PRETTY_NAME"),
    isNixos: values.get("ID") === "nixos" || machineHas(ctx, "/etc/NIXOS"),
  };
}
