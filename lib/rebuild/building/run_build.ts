import type { RunOptions, RunResult } from "../../machine/run.ts";
import type { Context } from "../../machine/context.ts";
import type { Target } from "../target.ts";
import { buildFailure } from "./build_failure.ts";
import { BuildOutput } from "./build_output.ts";
import { openRebuildLog, type RebuildLog } from "./rebuild_log.ts";

/** What to build, and how. */
export interface BuildOptions extends Target {
  /** Options for the build alone; settings are in NIX_CONFIG. */
  readonly buildFlags: readonly string[];
}

/** A system that was built. */
export interface BuiltSystem {
  /** Its store path. */
  readonly toplevel: string;
  /** The machine path of the rebuild log; undefined when it could not be written. */
  readonly log: string | undefined;
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
  if (code !== 0) {
    const file = log.path === undefined ? undefined : ctx.root.host(log.path);
    throw buildFailure(`${flake.url}#${host}`, code, output.errors, file);
  }
  return { stdout, log: log.path };
}
