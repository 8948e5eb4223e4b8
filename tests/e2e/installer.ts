/** What the end-to-end tests of the installer share. */
import { runTool, type ToolResult } from "../support/executable.ts";
import type { ScratchMachine } from "../support/scratch_machine.ts";
import { makeSource, type SourceOptions } from "../support/source.ts";
import type { StandIns } from "../support/stand_ins.ts";
import { snapshotTree, type TreeSnapshot } from "../support/tree.ts";

/** Paths that are not the machine owner's: the store, what programs note, what the namespace makes. */
export const unowned: readonly RegExp[] = [
  /^nix(\/|$)/,
  /^var\/(lib\/hyper-nixos|log|lib\/nixos)(\/|$)/,
  /^run(\/|$)/,
  /^root\/\.(bash_history|cache|local|nix-defexpr)(\/|$)/,
];

/** A source folder that the test owns. */
export interface InstallerSource extends Disposable {
  readonly path: string;
  /** What it holds, as it must arrive. */
  readonly tree: TreeSnapshot;
}

/** Makes a source of this repository, a small one unless told otherwise; see `makeSource`. */
export function source(options: SourceOptions = { small: true }): InstallerSource {
  const folder = Deno.makeTempDirSync({ prefix: "source-" });
  Deno.chmodSync(folder, 0o755);
  const path = `${folder}/hyper-nixos`;
  makeSource(path, options);
  return {
    path,
    tree: snapshotTree(path),
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/** Runs the installer inside a machine, as if it were the running one. */
export function installer(
  machine: ScratchMachine,
  programs: StandIns,
  from: InstallerSource,
): (args: readonly string[]) => Promise<ToolResult> {
  return async (args) =>
    await runTool(
      "system-installer",
      args.includes("--undo") ? args : [...args, "--source", from.path],
      { inside: machine.root, standIns: programs.folder },
    );
}
