import type { Context } from "../../machine/context.ts";
import { flakeEnvironment } from "../../nix/flakes/flake_environment.ts";
import { flakeOptions } from "../../nix/flakes/flake_reference.ts";
import { type RemoteStore, storeEnvironment, storeUrl } from "../../nix/remote/remote_store.ts";
import { builtOutput } from "../../nix/tools.ts";
import { type BuildOptions, type BuiltSystem, runBuild } from "./run_build.ts";

/** How a system is built by Nix alone. */
export interface NixBuild {
  /** Only say what would be built, here: Nix cannot say it of another store. */
  readonly dry: boolean;
  /** A link that keeps what is built here from the garbage collector. */
  readonly link?: string;
  /** Built there instead, and left there. */
  readonly store?: RemoteStore | undefined;
}

/**
 * Builds a host's system with Nix alone, here or on another machine: neither need be a NixOS. It is
 * evaluated here. Nothing is changed but the store.
 * @returns an empty `toplevel` for a dry build
 * @throws ToolError as `buildSystem`
 */
export async function buildWithNix(
  ctx: Context,
  options: BuildOptions,
  { link, dry, store }: NixBuild,
): Promise<BuiltSystem> {
  const { flake, host } = options;
  const args = [
    "build",
    "--json",
    ...(link === undefined || store ? ["--no-link"] : ["--out-link", link]),
    ...(store ? ["--eval-store", "auto", "--store", storeUrl(store)] : []),
    ...(dry ? ["--dry-run"] : ["--log-format", "internal-json"]),
    ...flakeOptions(flake),
    ...options.buildFlags,
    `${flake.url}#nixosConfigurations."${host}".config.system.build.toplevel`,
  ];
  const env = { ...flakeEnvironment(ctx), ...(store ? storeEnvironment(store) : {}) };
  const { stdout, log } = await runBuild(ctx, options, !dry, (onLine) =>
    ctx.run("nix", args, {
      env,
      accept: "any",
      onLine: (line, stream) => {
        if (stream === "stderr") onLine(line, stream);
      },
    }));
  return { toplevel: dry ? "" : builtOutput(stdout), log };
}
