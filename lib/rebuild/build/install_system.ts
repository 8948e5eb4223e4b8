import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { flakeEnvironment } from "../../nix/flakes/flake_environment.ts";
import type { BuildOptions } from "../../nix/nixos_rebuild.ts";
import type { Context } from "../../machine/context.ts";
import { BuildFailed, buildFailure } from "./build_failed.ts";
import { BuildOutput } from "./build_output.ts";
import { openRebuildLog } from "./rebuild_log.ts";

/** What nixos-install says when the build is over and the machine itself is about to change. */
const CHANGES_BEGIN = /installing the boot loader|setting up \/etc/;

/**
 * Makes a host's system the one that a mounted machine boots: `switch` for a root other than `/`,
 * where nothing can be activated. nixos-install builds it into that machine's store, sets its profile
 * and installs its boot loader.
 * @returns the machine path of the rebuild log
 * @throws BuildFailed as `buildSystem`; ToolError exit 4 for the running machine, 2 without nixos-install
 */
export async function installSystem(
  ctx: Context,
  options: BuildOptions,
): Promise<{ readonly log: string | undefined }> {
  if (ctx.root.isRunning) {
    throw new ToolError("nixos-install is for a mounted machine, not for the running one", {
      code: ExitCode.InvalidArguments,
      hint: "name its mount point with --root",
    });
  }
  using log = openRebuildLog(ctx);
  const output = new BuildOutput(ctx, log.write, false);
  const args = [
    "--root",
    ctx.root.path,
    "--flake",
    `${options.flake}#${options.host}`,
    ...(options.impure ? ["--impure"] : []),
    "--no-root-passwd",
    "--no-channel-copy",
    ...(options.showTrace ? ["--show-trace"] : []),
    ...options.nixOptions,
  ];
  const { code } = await ctx.run("nixos-install", args, {
    accept: "any",
    capture: 4096,
    env: flakeEnvironment(ctx),
    onLine: (line) => {
      output.line(line);
      if (CHANGES_BEGIN.test(line) && !ctx.signal.aborted) ctx.passPointOfNoReturn();
    },
  });
  await output.end(code === 0);
  if (code === 0) return { log: log.path };
  const failure = buildFailure(`${options.flake}#${options.host}`, code, output.errors);
  throw new BuildFailed(failure, log.path);
}
