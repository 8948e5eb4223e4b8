import { ensureDirectory, lstatIfExists, removeIfExists } from "../../machine/files/files.ts";
import { makeTemporaryDirectory } from "../../machine/files/temporary.ts";
import { places } from "../../machine/places.ts";
import type { RunOptions, RunResult } from "../../machine/run.ts";
import { ensureStateFolder } from "../../machine/state_folder.ts";
import type { Context } from "../../machine/context.ts";
import { flakeEnvironment } from "../../nix/flakes/flake_environment.ts";
import { refuseWhatNixMustNotRead } from "../../nix/read_by_nix.ts";
import { buildFailure } from "./build_failure.ts";
import { BuildOutput } from "./build_output.ts";
import { openRebuildLog, type RebuildLog } from "./rebuild_log.ts";

/** What to build, and how. */
export interface BuildOptions {
  /** A resolved flake reference, without `#attribute`. */
  readonly flake: string;
  /** The attribute of `nixosConfigurations`. */
  readonly host: string;
  readonly impure: boolean;
  /** For Nix, for example `["--offline"]`; settings are in NIX_CONFIG. */
  readonly nixOptions: readonly string[];
}

/** A system that was built. */
export interface BuiltSystem {
  /** Its store path. */
  readonly toplevel: string;
  /** The machine path of the rebuild log; undefined when it could not be written. */
  readonly log: string | undefined;
}

/**
 * Builds a host's system through `nixos-rebuild build`, which changes nothing but the store. Output
 * streams to the screen (through `nom` where it is installed and a person watches) and to
 * `/var/log/nixos/rebuild-<time>.log`. The result is kept from the garbage collector until the next
 * build: root's builds by a link in the state folder.
 * @throws ToolError as {@link runBuild}; the signal's reason when interrupted
 */
export async function buildSystem(ctx: Context, options: BuildOptions): Promise<BuiltSystem> {
  using folder = buildFolder(ctx);
  const jsonLog = await takesJsonLog(ctx);
  const more = jsonLog ? ["--log-format", "internal-json"] : [];
  let toplevel = "";
  const { log } = await runBuild(ctx, options, jsonLog, async (onLine, { write }) => {
    const result = await nixosRebuild(ctx, "build", options, more, { cwd: folder.path, onLine });
    if (result.code === 0) toplevel = Deno.realPathSync(`${folder.path}/result`);
    if (toplevel !== "") write(`built ${toplevel}`);
    return result;
  });
  return { toplevel, log };
}

/**
 * Shows what a build would build and fetch, through `nixos-rebuild dry-build`.
 * @throws as {@link buildSystem}
 */
export async function dryBuild(ctx: Context, options: BuildOptions): Promise<void> {
  const cwd = makeTemporaryDirectory(ctx, "rebuild-");
  try {
    // It writes what it would do as plain text, which needs no progress.
    await runBuild(
      ctx,
      options,
      false,
      (onLine) => nixosRebuild(ctx, "dry-build", options, [], { cwd, onLine }),
    );
  } finally {
    removeIfExists(cwd);
  }
}

/**
 * Runs what builds a host: what it writes is shown, and written to the rebuild log.
 * @param jsonLog whether it writes Nix's own log, of which progress is shown
 * @returns what it wrote to stdout
 * @throws ToolError exit 1 for a builder or a full disk, 5 for the network, 6 for the configuration
 */
export async function runBuild(
  ctx: Context,
  { flake, host }: BuildOptions,
  jsonLog: boolean,
  run: (onLine: NonNullable<RunOptions["onLine"]>, log: RebuildLog) => Promise<RunResult>,
): Promise<{ readonly stdout: string; readonly log: string | undefined }> {
  using log = openRebuildLog(ctx);
  const output = new BuildOutput(ctx, log.write, jsonLog);
  let result: RunResult | undefined;
  try {
    result = await run((line) => output.line(line), log);
  } finally {
    await output.end(result?.code === 0);
  }
  const { code, stdout } = result;
  if (code !== 0) throw buildFailure(`${flake}#${host}`, code, output.errors, log.path);
  return { stdout, log: log.path };
}

/** How nixos-rebuild and nixos-install are told what to build. */
export function flakeArguments({ flake, host, impure, nixOptions }: BuildOptions): string[] {
  return ["--flake", `${flake}#${host}`, ...(impure ? ["--impure"] : []), ...nixOptions];
}

/**
 * Runs `nixos-rebuild build` or `dry-build`. Neither re-executes or builds nixos-rebuild itself first,
 * in the shell version and in nixos-rebuild-ng: both do that for switch, boot and test only.
 */
async function nixosRebuild(
  ctx: Context,
  action: "build" | "dry-build",
  options: BuildOptions,
  more: readonly string[],
  run: Pick<RunOptions, "cwd" | "onLine">,
): Promise<RunResult> {
  refuseWhatNixMustNotRead(ctx);
  const args = [action, ...flakeArguments(options), ...more];
  const env = flakeEnvironment(ctx);
  return await ctx.run("nixos-rebuild", args, { ...run, env, accept: "any", capture: 4096 });
}

/** An option that no nixos-rebuild has; see {@link takesJsonLog}. */
const PROBE = "--hyper-nixos-probe";

/**
 * Whether this nixos-rebuild takes `--log-format`, found by asking it: an unknown option makes both the
 * shell nixos-rebuild (`unknown option`) and nixos-rebuild-ng (`unrecognized arguments`) stop before
 * they do anything, naming it. Without an action nothing could be built either.
 */
async function takesJsonLog(ctx: Context): Promise<boolean> {
  const args = ["--log-format", "internal-json", PROBE];
  const { stdout, stderr } = await ctx.run("nixos-rebuild", args, {
    accept: "any",
    timeout: 20_000,
    env: { MANPAGER: "cat", PAGER: "cat" },
  });
  const complaint = (stdout + stderr).split("\n")
    .filter((line) => /unknown option|unrecognized arguments/.test(line)).join("\n");
  return complaint.includes(PROBE) && !complaint.includes("--log-format");
}

/** Where nixos-rebuild leaves its `result` link. */
function buildFolder(ctx: Context): Disposable & { readonly path: string } {
  if (Deno.uid() === 0 && ctx.root.isRunning) {
    ensureStateFolder(ctx);
    const path = ctx.root.host(`${places.state}/build`);
    ensureDirectory(path, 0o700);
    if (lstatIfExists(`${path}/result`)) Deno.removeSync(`${path}/result`);
    return { path, [Symbol.dispose]: () => {} };
  }
  const path = makeTemporaryDirectory(ctx, "rebuild-");
  return { path, [Symbol.dispose]: () => removeIfExists(path) };
}
