/** A machine on which `system-installer` runs as on the running one. */
import { runTool, type RunToolOptions, type ToolResult } from "../support/executable.ts";
import { Host } from "../support/host.ts";
import { type InstallerSource, source } from "./installer.ts";

/** Switches without questions and without a network. */
export const SWITCH = ["--action", "switch", "--skip-update-check"] as const;
/** Builds in the same way. */
export const BUILD = ["--action", "build", "--skip-update-check"] as const;

/** A machine, its stand-ins and a source of Hyper-NixOS. */
export class InstallerHost extends Host {
  readonly from: InstallerSource = source();

  /** Runs the installer, with this source unless it undoes. */
  run(args: readonly string[], options: RunToolOptions = {}): Promise<ToolResult> {
    const all = args.includes("--undo") ? args : this.withSource(args);
    return runTool("system-installer", all, { ...this.launch, ...options });
  }

  withSource(args: readonly string[]): string[] {
    return [...args, "--source", this.from.path];
  }

  /** The state that the newest receipt is in. */
  receiptState(): string {
    const folder = "/var/lib/hyper-nixos/receipts";
    const names = [...Deno.readDirSync(this.machine.host(folder))].map((entry) => entry.name);
    return JSON.parse(this.machine.read(`${folder}/${names.sort().at(-1)}`)).state;
  }

  override [Symbol.dispose](): void {
    this.from[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}
