/** A machine on which `rebuild-helper` runs as on the running one. */
import { runTool, type RunToolOptions, type ToolResult } from "./executable.ts";
import type { LaunchOptions } from "./launch.ts";
import { type ScratchMachine, scratchMachine, type ScratchOptions } from "./scratch_machine.ts";
import { type StandInOptions, type StandIns, standIns } from "./stand_ins.ts";

/** A flake-based machine, `starling`, with stand-ins for nixos-rebuild, systemctl and systemd-run. */
export class RebuildHost implements Disposable {
  readonly machine: ScratchMachine;
  readonly stand: StandIns;

  constructor(options: StandInOptions & { readonly scratch?: ScratchOptions } = {}) {
    this.machine = scratchMachine("flake", options.scratch);
    this.stand = standIns(options);
    Deno.mkdirSync(this.machine.host("/run/standin-activation"), { recursive: true });
  }

  run(args: readonly string[], options: RunToolOptions = {}): Promise<ToolResult> {
    return runTool("rebuild-helper", args, { ...this.launch, ...options });
  }

  /** How a tool is started on this machine. */
  get launch(): LaunchOptions {
    return { inside: this.machine.root, standIns: this.stand.folder };
  }

  /** What was done to which system, by its name without hash: `test new`. */
  actions(): string[] {
    if (!this.machine.exists("/run/standin-activation/actions")) return [];
    return this.machine.read("/run/standin-activation/actions").trim().split("\n")
      .map((line) => line.replace(/ \/nix\/store\/.*-nixos-system-starling-/, " "));
  }

  /** Ends the activation as told; see the README of the stand-in nixpkgs. */
  ends(name: string, text: string): void {
    this.machine.write(`/run/standin-activation/${name}`, text, name === "hook" ? 0o755 : 0o644);
  }

  /** The target of the default generation's link. */
  bootDefault(): string {
    const profiles = "/nix/var/nix/profiles";
    const link = Deno.readLinkSync(this.machine.host(`${profiles}/system`));
    return Deno.readLinkSync(this.machine.host(`${profiles}/${link.split("/").at(-1)}`));
  }

  configure(change: (text: string) => string): void {
    const path = "/etc/nixos/configuration.nix";
    this.machine.write(path, change(this.machine.read(path)));
  }

  /** Makes the activation wait, once it has begun, until the file `/run/go` is there. */
  holdActivation(): void {
    this.ends(
      "hook",
      '#!/bin/sh\n[ "$1" = test ] || exit 0\n: > /run/begun\n' +
        "until [ -e /run/go ]; do sleep 0.05; done\n",
    );
  }

  /** Lets a held activation go on. */
  go(): void {
    this.machine.write("/run/go", "");
  }

  /** Resolves when a file of the machine is there. */
  async appears(path: string): Promise<void> {
    await until(`${path} appears`, () => this.machine.exists(path) || undefined);
  }

  /** The status of the newest activation; undefined when there is none yet. */
  activation(): Record<string, unknown> | undefined {
    const folder = this.machine.host("/var/lib/hyper-nixos/activations");
    try {
      const name = [...Deno.readDirSync(folder)].map((entry) => entry.name)
        .filter((name) => /^\d.*\.json$/.test(name)).sort().at(-1);
      return name === undefined
        ? undefined
        : JSON.parse(Deno.readTextFileSync(`${folder}/${name}`));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Resolves when the newest activation has come to this phase. */
  async phase(phase: string): Promise<void> {
    await until(`phase ${phase}`, () => this.activation()?.phase === phase || undefined);
  }

  [Symbol.dispose](): void {
    this.stand[Symbol.dispose]();
    this.machine.dispose();
  }
}

/** Resolves with what `look` finds. @throws Error when it finds nothing for half a minute */
export async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** The end of the names of the system that is built, and of the one that runs. */
export const NEW = "24.05.standin";
export const OLD = "24.05.20240815.883180e";

/** Adds a line to a module `{ …: { … }`. */
export function withLine(line: string): (text: string) => string {
  return (text) => text.replace(/\}\s*$/, `  ${line}\n}\n`);
}
