import { ensureDirectory, lstatIfExists, removeIfExists } from "../../machine/files/files.ts";
import { makeTemporaryDirectory } from "../../machine/files/temporary.ts";
import { places } from "../../machine/places.ts";
import { ifItAnswers, type RunOptions, type RunResult } from "../../machine/run.ts";
import { ensureStateFolder } from "../../machine/state_folder.ts";
import type { Context } from "../../machine/context.ts";
import { flakeEnvironment } from "../../nix/flakes/flake_environment.ts";
import { flakeOptions } from "../../nix/flakes/flake_reference.ts";
import { refuseWhatNixMustNotRead } from "../../nix/read_by_nix.ts";
import { buildWithNix } from "./build_with_nix.ts";
import { type BuildOptions, type BuiltSystem, runBuild } from "./run_build.ts";

/**
 * Builds a host's system through `nixos-rebuild build`, which changes nothing but the store; by Nix alone
 * where there is none, as on the machine from which others are deployed. Output streams to the screen
 * (through `nom` where it is installed and a person watches) and to `/var/log/nixos/rebuild-<time>.log`.
 * The result is kept from the garbage collector until the next build: root's builds by a link in the state
 * folder.
 * @throws ToolError as {@link runBuild}; the signal's reason when interrupted
 */
export async function buildSystem(ctx: Context, options: BuildOptions): Promise<BuiltSystem> {
  using folder = buildFolder(ctx);
  if (!hasNixosRebuild(ctx)) {
    return await buildWithNix(ctx, options, { link: `${folder.path}/result`, dry: false });
  }
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
  if (!hasNixosRebuild(ctx)) return void await buildWithNix(ctx, options, { dry: true });
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

function hasNixosRebuild(ctx: Context): boolean {
  return ctx.run.which("nixos-rebuild") !== undefined;
}

/** How nixos-rebuild and nixos-install are told what to build. */
export function flakeArguments({ flake, host, buildFlags }: BuildOptions): string[] {
  return ["--flake", `${flake.url}#${host}`, ...flakeOptions(flake), ...buildFlags];
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
  const answer = await ifItAnswers(ctx.run("nixos-rebuild", args, {
    accept: "any",
    timeout: 20_000,
    env: { MANPAGER: "cat", PAGER: "cat" },
  }));
  const complaint = `${answer?.stdout}${answer?.stderr}`.split("\n")
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
