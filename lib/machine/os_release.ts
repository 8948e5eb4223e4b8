import type { Context } from "../program/context.ts";
import { machineHas, machineText } from "./machine_files.ts";
import { parseShellAssignments } from "./shell_assignments.ts";

/** What the machine runs; os-release(5). */
export interface OsRelease {
  /** `nixos`, `debian` …; undefined when nothing says. */
  readonly id: string | undefined;
  /** For people: "NixOS 24.05 (Uakari)". */
  readonly prettyName: string | undefined;
  /** `24.05` */
  readonly version: string | undefined;
  /** The marker /etc/NIXOS, or the ID: nixos-enter and nixos-rebuild look at the same. */
  readonly isNixos: boolean;
}

/** Reads /etc/os-release, or where it is missing /usr/lib/os-release. */
export function readOsRelease(ctx: Context): OsRelease {
  const text = machineText(ctx, "/etc/os-release") ?? machineText(ctx, "/usr/lib/os-release") ?? "";
  const values = parseShellAssignments(text);
  const id = values.get("ID");
  return {
    id,
    prettyName: values.get("PRETTY_NAME"),
    version: values.get("VERSION_ID"),
    isNixos: id === "nixos" || machineHas(ctx, "/etc/NIXOS"),
  };
}
