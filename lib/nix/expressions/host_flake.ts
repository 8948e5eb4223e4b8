import { places } from "../../machine/places.ts";
import { installedLayout } from "../../machine/tree_layout.ts";
import type { Context } from "../../machine/context.ts";
import type { FlakeReference } from "../flakes/flake_reference.ts";

/** The machine path of the folder whose flake.nix an installed machine is built from. */
export function hostFolder(ctx: Pick<Context, "root">): string {
  return installedLayout(ctx) === "published" ? places.host : places.source;
}

/** The reference of {@link hostFolder}, by which every tool builds an installed machine. */
export function hostReference(ctx: Pick<Context, "root">): string {
  return `path:${hostFolder(ctx)}`;
}

/**
 * How the host of a published tree is built: without `--impure` (the tree looks at the machine that
 * evaluates it and may fail there), and of the tree as it is now (Nix would go on with the content that
 * it locked first).
 * @param directory host path of the folder that holds the host's flake.nix
 * @param tree host path of the source tree
 */
export function publishedFlake(directory: string, tree: string): FlakeReference {
  return { url: `path:${directory}`, directory, pure: true, inputs: { tree: `path:${tree}` } };
}

/**
 * Adds to a reference of the installed machine's own flake how that is built, and to that of the
 * published tree in it that it fails with `--impure`; others stay as they are.
 */
export function asHostFlake(ctx: Context, flake: FlakeReference): FlakeReference {
  if (flake.directory === undefined || installedLayout(ctx) !== "published") return flake;
  if (flake.directory === ctx.root.follow(places.source)) return { ...flake, pure: true };
  if (flake.directory !== ctx.root.follow(places.host)) return flake;
  const { pure, inputs } = publishedFlake(flake.directory, ctx.root.host(places.source));
  // A checkout above it (etckeeper) sees only what git tracks.
  return { ...flake, url: `path:${flake.directory}`, pure: pure!, inputs: inputs! };
}
