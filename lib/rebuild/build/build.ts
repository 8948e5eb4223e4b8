import { ensureDirectory, lstatIfExists, removeIfExists } from "../../machine/files/files.ts";
import { makeTemporaryDirectory } from "../../machine/files/temporary.ts";
import { places } from "../../machine/places.ts";
import { ensureStateFolder } from "../../machine/state_folder.ts";
import type { Context } from "../../machine/context.ts";
import { type BuildOptions, runNixosRebuild, supportsOption } from "../../nix/nixos_rebuild.ts";
import { BuildFailed, buildFailure } from "./build_failed.ts";
import { BuildOutput } from "./build_output.ts";
import { openRebuildLog } from "./rebuild_log.ts";

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
 * @throws BuildFailed exit 1 for a builder or a full disk, 5 for the network, 6 for the configuration;
 *   ToolError exit 2 without nixos-rebuild; the signal's reason when interrupted
 */
export async function buildSystem(ctx: Context, options: BuildOptions): Promise<BuiltSystem> {
  using log = openRebuildLog(ctx);
  using folder = buildFolder(ctx);
  const errors = await runBuild(ctx, "build", options, folder.path, log.write);
  if (errors !== undefined) {
    throw new BuildFailed(buildFailure(nameOf(options), errors.code, errors.text), log.path);
  }
  const toplevel = Deno.realPathSync(`${folder.path}/result`);
  log.write(`built ${toplevel}`);
  return { toplevel, log: log.path };
}

/**
 * Shows what a build would build and fetch, through `nixos-rebuild dry-build`.
 * @throws as {@link buildSystem}
 */
export async function dryBuild(ctx: Context, options: BuildOptions): Promise<void> {
  using log = openRebuildLog(ctx);
  const folder = makeTemporaryDirectory(ctx, "rebuild-");
  try {
    const errors = await runBuild(ctx, "dry-build", options, folder, log.write);
    if (errors !== undefined) {
      throw new BuildFailed(buildFailure(nameOf(options), errors.code, errors.text), log.path);
    }
  } finally {
    removeIfExists(folder);
  }
}

function nameOf(options: BuildOptions): string {
  return `${options.flake}#${options.host}`;
}

/** @returns undefined when it worked, else its exit code and what it said was wrong */
async function runBuild(
  ctx: Context,
  action: "build" | "dry-build",
  options: BuildOptions,
  cwd: string,
  write: (line: string) => void,
): Promise<{ code: number; text: string } | undefined> {
  // A dry build writes what it would do as plain text, which needs no progress.
  const jsonLog = action === "build" && await supportsOption(ctx, "--log-format", "internal-json");
  const output = new BuildOutput(ctx, write, jsonLog);
  let succeeded = false;
  try {
    const { code } = await runNixosRebuild(ctx, action, options, {
      cwd,
      jsonLog,
      onLine: (line) => output.line(line),
      capture: 4096,
    });
    succeeded = code === 0;
    return succeeded ? undefined : { code, text: output.errors };
  } finally {
    await output.end(succeeded);
  }
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
