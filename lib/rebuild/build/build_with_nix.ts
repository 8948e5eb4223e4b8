import type { Context } from "../../machine/context.ts";
import { nixConfig } from "../../machine/child_environment.ts";
import { flakeEnvironment } from "../../nix/flake_environment.ts";
import type { BuildOptions } from "../../nix/nixos_rebuild.ts";
import { BuildFailed, buildFailure } from "./build_failed.ts";
import type { BuiltSystem } from "./build.ts";
import { BuildOutput } from "./build_output.ts";
import { openRebuildLog } from "./rebuild_log.ts";

/** Where a system is built that another machine is to run. */
export interface BuildPlace {
  /** A link here that keeps it from the garbage collector. */
  readonly link: string;
  /** Only say what would be built. */
  readonly dry: boolean;
}

/**
 * Builds a host's system with Nix alone: what builds for another machine need not be a NixOS. Nothing is
 * changed but the store.
 * @throws BuildFailed as `buildSystem`
 */
export async function buildWithNix(
  ctx: Context,
  options: BuildOptions,
  { link, dry }: BuildPlace,
): Promise<BuiltSystem> {
  using log = openRebuildLog(ctx);
  const what = `${options.flake}#${options.host}`;
  const output = new BuildOutput(ctx, log.write, !dry);
  let code: number | undefined;
  try {
    ({ code } = await ctx.run("nix", [
      "build",
      "--out-link",
      link,
      ...(dry ? ["--dry-run"] : ["--log-format", "internal-json"]),
      ...(options.impure ? ["--impure"] : []),
      ...(options.showTrace ? ["--show-trace"] : []),
      ...options.nixOptions,
      `${options.flake}#nixosConfigurations."${options.host}".config.system.build.toplevel`,
    ], {
      env: { ...flakeEnvironment(ctx), NIX_CONFIG: nixConfig(ctx.env.NIX_CONFIG) },
      accept: "any",
      capture: 4096,
      onLine: (line) => output.line(line),
    }));
  } finally {
    await output.end(code === 0);
  }
  if (code !== 0) throw new BuildFailed(buildFailure(what, code, output.errors), log.path);
  return { toplevel: dry ? "" : Deno.realPathSync(link), log: log.path };
}
