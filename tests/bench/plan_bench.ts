import { bundledTool } from "../support/bundled.ts";
import { launch } from "../support/launch.ts";
import { type ScratchMachine, scratchMachine } from "../support/scratch_machine.ts";
import { makeSource } from "../support/source.ts";
import { type StandIns, standIns } from "../support/stand_ins.ts";
import { type Cost, measured, median, run } from "./measure.ts";

/** What is measured on. */
export interface PlanBenchOptions {
  /** Host path of a complete nixpkgs, which becomes the machine's channel. */
  readonly nixpkgs: string;
  /** Nix code of a module that is added to the machine's configuration. */
  readonly module: string;
  readonly folder: string;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** Medians. */
export interface PlanFigures {
  /** The owner's system, evaluated to its store path. */
  readonly old: Cost;
  /** The same with Hyper-NixOS. */
  readonly new: Cost;
  /** `system-installer --dry-run`, beside those two in the same rounds. */
  readonly plan: Cost;
  /** Medians of what a plan took of the two evaluations of its round. */
  readonly share: { readonly cpu: number; readonly wall: number };
  /** Lines of the plan. */
  readonly lines: number;
}

const SYSTEM = "config.system.build.toplevel.outPath";

/**
 * Plans a machine and evaluates, each by itself and in turns, the two systems that a plan cannot do
 * without: the owner's, and the new one of the files that the plan would write.
 */
export async function benchPlan(options: PlanBenchOptions): Promise<PlanFigures> {
  using machine = scratchMachine("uefi");
  using programs = standIns();
  useNixpkgs(machine, options);
  const source = `${options.folder}/hyper-nixos`;
  makeSource(source, { small: true });
  bundledTool("system-installer");
  const inside = commandsInside(machine, programs);
  const dryRun = ["--dry-run", "--source", source];
  const document = JSON.parse(await inside("system-installer", [...dryRun, "--json"], run));
  stage(machine, document);
  const evaluate = (expression: string) =>
    inside("/bin/sh", [
      "-c",
      `NIX_PATH="nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos" ` +
      `HYPERVISOR_STAGED=${STAGED} exec nix-instantiate --eval --strict -E "$0"`,
      expression,
    ], measured);
  const rounds: Record<"old" | "new" | "plan", Cost>[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const old = await evaluate(
      `(import <nixpkgs/nixos> { configuration = /etc/nixos/configuration.nix; }).${SYSTEM}`,
    );
    const made = await evaluate(
      `(import (/. + "${source}/nix/host.nix") { nixosHost = throw "has a base"; }).${document.host}.${SYSTEM}`,
    );
    const plan = await inside("system-installer", dryRun, measured);
    rounds.push({ old, new: made, plan });
    options.say(`round ${round}: ${[old, made, plan].map(({ cpu }) => cpu.toFixed(2)).join(" ")}`);
  }
  const of = (name: "old" | "new" | "plan"): Cost => ({
    cpu: median(rounds.map((round) => round[name].cpu)),
    milliseconds: median(rounds.map((round) => round[name].milliseconds)),
  });
  const share = (part: keyof Cost) =>
    median(rounds.map(({ old, new: made, plan }) => plan[part] / (old[part] + made[part])));
  const shown = await inside("system-installer", dryRun, run);
  return {
    ...{ old: of("old"), new: of("new"), plan: of("plan") },
    share: { cpu: share("cpu"), wall: share("milliseconds") },
    lines: shown.slice(shown.indexOf("── ")).trimEnd().split("\n").length,
  };
}

/** Machine path of the files that the plan would write. */
const STAGED = "/root/staged";

function useNixpkgs(machine: ScratchMachine, { nixpkgs, module }: PlanBenchOptions): void {
  Deno.removeSync(machine.nixpkgs, { recursive: true });
  Deno.symlinkSync(Deno.realPathSync(nixpkgs), machine.nixpkgs);
  machine.write("/etc/nixos/bench.nix", module);
  const file = "/etc/nixos/configuration.nix";
  const text = machine.read(file);
  machine.write(file, text.replace("./hardware-configuration.nix", "$& ./bench.nix"));
}

function stage(machine: ScratchMachine, { steps }: { steps: Record<string, string>[] }): void {
  for (const { kind, path, content } of steps) {
    if (kind === "file") machine.write(`${STAGED}${path}`, content!);
  }
}

/** Starts commands inside the machine as if it were the running one. */
function commandsInside(machine: ScratchMachine, programs: StandIns) {
  return async <T>(
    command: string,
    args: readonly string[],
    how: (launched: Parameters<typeof run>[0]) => Promise<T>,
  ): Promise<T> => {
    using start = launch(command, args, { inside: machine.root, standIns: programs.folder });
    return await how(start);
  };
}
