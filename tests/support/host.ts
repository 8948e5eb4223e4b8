/** A scratch machine with stand-ins on which tools run as on the running one, and its activations. */
import type { LaunchOptions } from "./launch.ts";
import type { MachineKind } from "./machines/description.ts";
import {
  copyMachine,
  type ScratchMachine,
  scratchMachine,
  type ScratchOptions,
} from "./scratch_machine.ts";
import { type StandInOptions, type StandIns, standIns } from "./stand_ins.ts";
import { until } from "./until.ts";

const ACTIVATION = "/run/standin-activation";

/** What differs from a healthy machine with the usual stand-ins. */
export interface HostOptions extends StandInOptions {
  readonly scratch?: ScratchOptions;
}

/** Where tools run "inside"; see launch.ts. */
export class Host implements Disposable {
  readonly machine: ScratchMachine;
  readonly stand: StandIns;

  /** @param machine its kind, or one to make a copy of */
  constructor(machine: MachineKind | ScratchMachine, options: HostOptions = {}) {
    this.machine = typeof machine === "string"
      ? scratchMachine(machine, options.scratch)
      : copyMachine(machine);
    this.stand = standIns(options);
    Deno.mkdirSync(this.machine.host(ACTIVATION), { recursive: true });
  }

  /** How a tool is started on this machine. */
  get launch(): LaunchOptions {
    return { inside: this.machine.root, standIns: this.stand.folder };
  }

  /** What was done to which system, by its name without hash and host: `test 24.05.standin`. */
  actions(): string[] {
    if (!this.machine.exists(`${ACTIVATION}/actions`)) return [];
    return this.machine.read(`${ACTIVATION}/actions`).trim().split("\n")
      .map((line) => line.replace(/ \/nix\/store\/.*-nixos-system-[a-z0-9]+-/, " "));
  }

  /** Ends the activation as told; see the README of the stand-in nixpkgs. */
  ends(name: string, text: string): void {
    this.machine.write(`${ACTIVATION}/${name}`, text, name === "hook" ? 0o755 : 0o644);
  }

  /** The default generation's link, `system-12-link`. */
  defaultLink(): string {
    return Deno.readLinkSync(this.machine.host("/nix/var/nix/profiles/system")).split("/").at(-1)!;
  }

  /** The system that it leads to. */
  bootDefault(): string {
    return Deno.readLinkSync(this.machine.host(`/nix/var/nix/profiles/${this.defaultLink()}`));
  }

  /** Makes the activation wait, once it has begun (`/run/begun` is there), for `go()`. */
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
