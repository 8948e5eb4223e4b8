/** A machine on which `rebuild-helper` runs as on the running one. */
import { runTool, type RunToolOptions, type ToolResult } from "./executable.ts";
import { Host, type HostOptions } from "./host.ts";

/** A flake-based machine, `starling`, with stand-ins for nixos-rebuild, systemctl and systemd-run. */
export class RebuildHost extends Host {
  constructor(options: HostOptions = {}) {
    super("flake", options);
  }

  run(args: readonly string[], options: RunToolOptions = {}): Promise<ToolResult> {
    return runTool("rebuild-helper", args, { ...this.launch, ...options });
  }

  configure(change: (text: string) => string): void {
    const path = "/etc/nixos/configuration.nix";
    this.machine.write(path, change(this.machine.read(path)));
  }
}

/** The end of the names of the system that is built, and of the one that runs. */
export const NEW = "24.05.standin";
export const OLD = "24.05.20240815.883180e";

/** Adds a line to a module `{ …: { … }`. */
export function withLine(line: string): (text: string) => string {
  return (text) => text.replace(/\}\s*$/, `  ${line}\n}\n`);
}
