import type { Context } from "../program/context.ts";
import { ensureDirectory, listIfExists, parentOf, removeIfExists } from "../machine/files.ts";
import { places } from "../machine/places.ts";
import { copyTree } from "./copy_tree.ts";
import type { Source } from "./source.ts";
import type { Steps } from "./step.ts";

/** A host as the plan would install it, in a temporary folder. */
export interface StagedHost extends Disposable {
  /** Host path of the staged root, for HYPERVISOR_ROOT. */
  readonly root: string;
  /** Host path of the flake. */
  readonly source: string;
}

/**
 * Puts what the new host is evaluated from into a temporary folder: the source, the hardware file,
 * and the generated modules beside the owner's own files. No secret is written.
 */
export async function stageHost(ctx: Context, source: Source, steps: Steps): Promise<StagedHost> {
  const root = Deno.makeTempDirSync({ prefix: "hyper-nixos-plan-" });
  const remove = () => Deno.removeSync(root, { recursive: true });
  try {
    const tree = `${root}${places.source}`;
    ensureDirectory(`${root}${places.configuration}`, 0o755);
    ensureDirectory(`${root}${places.nixos}`, 0o755);
    if (!source.inPlace) await copyTree(source.listing, tree, ctx.signal);
    copyOwnersFiles(ctx, root);
    for (const step of steps.files) {
      if (step.kind !== "file") continue;
      ensureDirectory(parentOf(root + step.path), 0o755);
      removeIfExists(root + step.path);
      Deno.writeTextFileSync(root + step.path, step.content);
    }
    return { root, source: source.inPlace ? source.listing.from : tree, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** local.nix may import its neighbours, and with `--keep-config` the old configuration.nix. */
function copyOwnersFiles(ctx: Context, root: string): void {
  for (const folder of [places.nixos, places.configuration]) {
    copyFolder(ctx.root.follow(folder), root + folder);
  }
}

function copyFolder(from: string, to: string): void {
  for (const name of listIfExists(from)) {
    if (name === ".git") continue;
    const info = Deno.lstatSync(`${from}/${name}`);
    if (info.isDirectory) {
      ensureDirectory(`${to}/${name}`, 0o755);
      copyFolder(`${from}/${name}`, `${to}/${name}`);
    } else if (info.isFile) Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
    else if (info.isSymlink) {
      Deno.symlinkSync(Deno.readLinkSync(`${from}/${name}`), `${to}/${name}`);
    }
  }
}
