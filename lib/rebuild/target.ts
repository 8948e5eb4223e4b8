import { ExitCode } from "../machine/exit_code.ts";
import { readHostName } from "../machine/host_name.ts";
import { ToolError } from "../machine/tool_error.ts";
import { hostsOf, requireHost } from "../nix/flake_hosts.ts";
import { type FlakeReference, resolveFlake } from "../nix/flake_reference.ts";
import { uncommittedFiles } from "../nix/uncommitted_files.ts";
import type { Context } from "../program/context.ts";
import type { RebuildOptions } from "./options.ts";

/** A host of a flake, both there. */
export interface Target {
  readonly flake: FlakeReference;
  readonly host: string;
}

/** So many names are listed in a warning. */
const NAMED = 5;

/**
 * Finds what is to be built: resolves the flake, warns of files that Nix will not see, and makes sure
 * that it has the host.
 * @throws ToolError exit 4 for what is no flake reference, 6 when the flake or the host is not there
 */
export async function findTarget(ctx: Context, options: RebuildOptions): Promise<Target> {
  const flake = resolveFlake(ctx, options.flake);
  const host = hostOf(ctx, flake, options.host);
  await warnOfUncommitted(ctx, flake);
  requireHost(flake, await hostsOf(ctx, flake), host);
  return { flake, host };
}

function hostOf(ctx: Context, flake: FlakeReference, named: string | undefined): string {
  if (named !== undefined && flake.attribute !== undefined && named !== flake.attribute) {
    throw new ToolError(`--host says ${named}, the flake reference says ${flake.attribute}`, {
      code: ExitCode.InvalidArguments,
      hint: "name the host once",
    });
  }
  const host = named ?? flake.attribute ?? readHostName(ctx)?.name;
  if (host === undefined) {
    throw new ToolError("this machine has no host name", {
      code: ExitCode.Configuration,
      hint: "name the host with --host",
    });
  }
  return host;
}

async function warnOfUncommitted(ctx: Context, flake: FlakeReference): Promise<void> {
  if (flake.checkout === undefined || !ctx.run.which("git")) return;
  try {
    const found = await uncommittedFiles(ctx, flake);
    if (found === undefined) return;
    const { untracked, changed } = found;
    if (untracked.length > 0) {
      ctx.log.warn(
        `Nix does not see files that git does not track: ${some(untracked)} (git add them)`,
      );
    }
    if (changed.length > 0) ctx.log.warn(`built with uncommitted changes: ${some(changed)}`);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    ctx.log.warn(error.message);
  }
}

function some(paths: readonly string[]): string {
  const more = paths.length - NAMED;
  return paths.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
