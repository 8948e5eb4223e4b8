import type { Context } from "../../machine/context.ts";
import { flakeEnvironment } from "../../nix/flakes/flake_environment.ts";
import { flakeArguments } from "./build.ts";
import { type BuildOptions, runBuild } from "./run_build.ts";

/** What nixos-install says when the build is over and the machine itself is about to change. */
const CHANGES_BEGIN = /installing the boot loader|setting up \/etc/;

/**
 * Makes a host's system the one that a mounted machine boots: `switch` for a root other than `/`,
 * where nothing can be activated. nixos-install builds it into that machine's store, sets its profile
 * and installs its boot loader.
 * @returns the machine path of the rebuild log
 * @throws ToolError as `buildSystem`
 */
export async function installSystem(
  ctx: Context,
  options: BuildOptions,
): Promise<{ readonly log: string | undefined }> {
  const args = [
    "--root",
    ctx.root.path,
    ...flakeArguments(options),
    "--no-root-passwd",
    "--no-channel-copy",
  ];
  return await runBuild(ctx, options, false, (onLine) =>
    ctx.run("nixos-install", args, {
      accept: "any",
      capture: 4096,
      env: flakeEnvironment(ctx),
      onLine: (line, stream) => {
        onLine(line, stream);
        if (CHANGES_BEGIN.test(line) && !ctx.signal.aborted) ctx.passPointOfNoReturn();
      },
    }));
}
