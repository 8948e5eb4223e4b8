import type { Context } from "../../machine/context.ts";
import { nixConfig } from "../../machine/child_environment.ts";
import { flakeEnvironment } from "../../nix/flakes/flake_environment.ts";
import type { BuildOptions } from "../../nix/nixos_rebuild.ts";
import { type RemoteStore, storeEnvironment, storeUrl } from "../../nix/remote/remote_store.ts";
import { builtOutput } from "../../nix/tools.ts";
import { BuildFailed, buildFailure } from "./build_failed.ts";
import type { BuiltSystem } from "./build.ts";
import { BuildOutput } from "./build_output.ts";
import { openRebuildLog } from "./rebuild_log.ts";

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
 * @throws BuildFailed as `buildSystem`
 */
export async function buildWithNix(
  ctx: Context,
  options: BuildOptions,
  { link, dry, store }: NixBuild,
): Promise<BuiltSystem> {
  using log = openRebuildLog(ctx);
  const what = `${options.flake}#${options.host}`;
  const output = new BuildOutput(ctx, log.write, !dry);
  let code: number | undefined;
  let stdout = "";
  try {
    ({ code, stdout } = await ctx.run("nix", [
      "build",
      "--json",
      ...(link === undefined || store ? ["--no-link"] : ["--out-link", link]),
      ...(store ? ["--eval-store", "auto", "--store", storeUrl(store)] : []),
      ...(dry ? ["--dry-run"] : ["--log-format", "internal-json"]),
      ...(options.impure ? ["--impure"] : []),
      ...(options.showTrace ? ["--show-trace"] : []),
      ...options.nixOptions,
      `${options.flake}#nixosConfigurations."${options.host}".config.system.build.toplevel`,
    ], {
      env: {
        ...flakeEnvironment(ctx),
        NIX_CONFIG: nixConfig(ctx.env.NIX_CONFIG),
        ...(store ? storeEnvironment(store) : {}),
      },
      accept: "any",
      onLine: (line, stream) => {
        if (stream === "stderr") output.line(line);
      },
    }));
  } finally {
    await output.end(code === 0);
  }
  if (code !== 0) throw new BuildFailed(buildFailure(what, code, output.errors), log.path);
  return { toplevel: dry ? "" : builtOutput(stdout), log: log.path };
}
