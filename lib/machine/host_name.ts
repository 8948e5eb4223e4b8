import type { Context } from "./context.ts";
import { machineText } from "./files/machine_files.ts";

/** The machine's name, or undefined when nothing says one. */
export interface HostName {
  readonly name: string;
  readonly source: "/etc/hostname" | "running system";
}

/**
 * Reads /etc/hostname (hostname(5): the first line that is no comment), otherwise, of the running
 * machine, what the kernel says; that may be a full name with its domain. Not checked.
 */
export function readHostName(ctx: Context): HostName | undefined {
  const name = (machineText(ctx, "/etc/hostname") ?? "").split("\n").map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("#"));
  if (name) return { name, source: "/etc/hostname" };
  if (!ctx.root.isRunning || Deno.hostname() === "") return undefined;
  return { name: Deno.hostname(), source: "running system" };
}

/** Whether a text is one label of RFC 1123 section 2.1: letters, digits and inner hyphens, at most 63. */
export function isHostLabel(text: string): boolean {
  return /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(text);
}

/**
 * Whether NixOS takes a text as a machine's name: a label, or one with underscores inside, which are there "for
 * legacy reasons" (nixos/modules/tasks/network-interfaces.nix). For names that a machine has already.
 */
export function isNixosHostName(text: string): boolean {
  return isHostLabel(text.replaceAll("_", "-"));
}
