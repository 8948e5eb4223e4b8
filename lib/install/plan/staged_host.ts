import { makeTemporaryDirectory } from "../../machine/files/temporary.ts";
import type { Context } from "../../machine/context.ts";
import { ensureDirectory, parentOf } from "../../machine/files/files.ts";
import { readMachineFile } from "../../machine/files/machine_files.ts";
import { places } from "../../machine/places.ts";
import { sourceOf } from "../../nix/evaluation/base.ts";
import type { ConfigurationSource } from "../../nix/evaluation/configuration_source.ts";
import { checkoutEnvironment } from "../../nix/flakes/flake_environment.ts";
import { publishedFlake } from "../../nix/expressions/host_flake.ts";
import { nixPath } from "../../nix/search_path.ts";
import type { HostBase } from "../../machine/host_record.ts";
import { copyTree } from "../source/copy_tree.ts";
import type { Source } from "../source/source.ts";
import type { Step } from "../step.ts";

/** A host as the plan would install it, in a temporary folder. */
export interface StagedHost extends Disposable {
  /** What to evaluate. */
  readonly configuration: ConfigurationSource;
}

/**
 * Puts the files that a plan would write into a temporary folder, which nix/host.nix lets stand before
 * the machine's own. No secret is written. With a base the source tree is read where it lies; a host
 * without one needs the tree's own nixpkgs and so its flake, of a copy without what Nix must not see, and
 * the host of a published tree is a flake beside such a copy.
 */
export async function stageHost(
  ctx: Context,
  source: Source,
  host: string,
  base: HostBase | null,
  steps: readonly Step[],
): Promise<StagedHost> {
  const root = makeTemporaryDirectory(ctx, "hyper-nixos-plan-");
  const remove = () => Deno.removeSync(root, { recursive: true });
  try {
    for (const step of steps) {
      if (step.kind !== "file") continue;
      ensureDirectory(parentOf(root + step.path), 0o755);
      Deno.writeTextFileSync(root + step.path, step.content);
    }
    const env = { HYPERVISOR_STAGED: root, ...(base ? baseEnvironment(ctx, base) : {}) };
    const from = source.listing.from;
    if (base !== null) {
      return { configuration: { kind: "onBase", tree: from, host, env }, [Symbol.dispose]: remove };
    }
    const tree = source.inPlace ? from : `${root}${places.source}`;
    if (!source.inPlace) await copyTree(source.listing, tree, ctx.signal);
    if (source.layout === "published") {
      const folder = root + places.host;
      copyLocalModule(ctx, folder);
      return {
        configuration: { kind: "flake", flake: publishedFlake(folder, tree), host },
        [Symbol.dispose]: remove,
      };
    }
    const flake = { url: `path:${tree}`, directory: tree };
    return { configuration: { kind: "flake", flake, host, env }, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** A pure flake sees its own folder alone; what a plan would write stands in it already. */
function copyLocalModule(ctx: Context, folder: string): void {
  const content = readMachineFile(ctx, `${places.host}/local.nix`);
  if (content.kind === "read") Deno.writeFileSync(`${folder}/local.nix`, content.bytes);
}

function baseEnvironment(ctx: Context, base: HostBase): Record<string, string> {
  const source = sourceOf(ctx, base);
  return source.kind === "flake"
    ? checkoutEnvironment(source.flake.checkout)
    : base.kind === "channel"
    ? { NIX_PATH: nixPath(ctx, base.searchPath) }
    : {};
}
