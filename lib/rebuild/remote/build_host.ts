import { connect, requireDestination, type SshConnection } from "../../machine/ssh/connection.ts";
import type { Context } from "../../machine/context.ts";
import { copyPaths } from "../../nix/remote/remote_store.ts";
import type { BuildOptions, BuiltSystem } from "../building/run_build.ts";
import { buildWithNix } from "../building/build_with_nix.ts";

/**
 * Evaluates here and builds on another machine, as whoever logs in there.
 * @param buildHost `[USER@]HOST`
 * @param fetch whether the system is then copied to this machine, whose root takes it unsigned
 * @throws ToolError as `buildSystem`, `connect` and `copyPaths`
 */
export async function buildOn(
  ctx: Context,
  buildHost: string,
  build: BuildOptions,
  { fetch }: { readonly fetch: boolean },
): Promise<BuiltSystem> {
  await using ssh = await connectToBuildHost(ctx, buildHost);
  const built = await buildWithNix(ctx, build, { dry: false, store: { ssh } });
  if (fetch) {
    ctx.log.info(`copying from ${buildHost}: ${built.toplevel}`);
    await copyPaths(ctx, { from: { ssh } }, [built.toplevel]);
  }
  return built;
}

/** @param beside the connection to the machine that is to run what is built */
export async function connectToBuildHost(
  ctx: Context,
  buildHost: string,
  beside?: SshConnection,
): Promise<SshConnection> {
  return await connect(ctx, requireDestination(ctx, buildHost, "--build-host"), beside);
}
