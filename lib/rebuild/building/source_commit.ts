import { lstatIfExists, readTextIfExists } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { sourceTree } from "../../machine/tree/source_tree.ts";
import type { FlakeReference } from "../../nix/flakes/flake_reference.ts";
import { hostFolder } from "../../nix/expressions/host_flake.ts";
import type { Context } from "../../machine/context.ts";

/**
 * The commit that a flake's source is: what smart-sync recorded for the machine's own source tree, or
 * HEAD of a git checkout. Undefined when neither says so.
 */
export async function sourceCommit(
  ctx: Context,
  flake: FlakeReference,
): Promise<string | undefined> {
  if (flake.directory === undefined) {
    return /(?:[?&]rev=|\/)([0-9a-f]{40})(?![\w-])/.exec(flake.url)?.[1];
  }
  try {
    const tree = sourceTree(ctx);
    const folders = [places.source, hostFolder(ctx)].map((path) => ctx.root.follow(path));
    if (lstatIfExists(tree.path) && folders.includes(flake.directory)) {
      const commit = /"commit":\s*"([0-9a-f]{40})"/.exec(readTextIfExists(tree.state) ?? "")?.[1];
      if (commit !== undefined) return commit;
    }
    if (flake.checkout === undefined || !ctx.run.which("git")) return undefined;
    const args = ["-c", `safe.directory=${flake.checkout}`, "-C", flake.checkout];
    const { code, stdout } = await ctx.run("git", [...args, "rev-parse", "--verify", "HEAD"], {
      accept: "any",
    });
    return code === 0 ? stdout.trim() : undefined;
  } catch (error) {
    ctx.signal.throwIfAborted();
    ctx.log.debug(`the commit of ${flake.url} is not known: ${error}`);
    return undefined;
  }
}
