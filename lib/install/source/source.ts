import type { Context } from "../../machine/context.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { trustedOwners } from "../../machine/accounts/invoking_user.ts";
import { foreignPart, type MayWrite } from "../../machine/files/file_trust.ts";
import {
  lstatIfExists,
  parentOf,
  readTextIfExists,
  realPathIfSeen,
} from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { layoutOf, layoutOfFolder, NEEDED, type TreeLayout } from "../../machine/tree_layout.ts";
import {
  type BinaryCache,
  findBinaryCache,
  type RefusedCache,
} from "../../nix/store/binary_cache.ts";
import type { Origin } from "./checkout_origin.ts";
import { findOrigin } from "./source_origin.ts";
import { listSource, type SourceListing } from "./source_listing.ts";

/** Where the files of Hyper-NixOS come from. */
export interface Source {
  readonly listing: SourceListing;
  readonly layout: TreeLayout;
  /** How it was found, for the plan: `--source`, `HYPERVISOR_SOURCE`, a folder above … */
  readonly foundBy: string;
  /** The user named it, so that it need not be confirmed. */
  readonly named: boolean;
  /** It is `/etc/hypervisor/src` of the machine itself: nothing is copied. */
  readonly inPlace: boolean;
  /** Which commit of which GitHub repository it is, when that is known. */
  readonly origin: Origin | undefined;
  /** A binary cache beside it, as on a USB stick. */
  readonly cache: BinaryCache | RefusedCache | undefined;
}

/**
 * Finds the source: the one named, else `HYPERVISOR_SOURCE` (the Nix wrapper sets it), else the nearest
 * folder above the working directory or above the executable (a USB stick) that is Hyper-NixOS.
 * @param named the value of `--source`
 * @throws ToolError exit 6 when there is none or it lacks its flake, exit 3 when others could write it
 */
export function findSource(
  ctx: Context,
  named: string | undefined,
): Source {
  const [path, foundBy] = locate(ctx, named);
  const layout = requireLayout(path);
  const mayWrite = trustedOwners(ctx);
  refuseForeignParents(path, mayWrite);
  const listing = listSource(path, mayWrite);
  const inPlace = path === realPathIfSeen(ctx.root.follow(places.source));
  return {
    listing,
    layout,
    foundBy,
    named: named !== undefined,
    inPlace,
    origin: findOrigin(ctx, path, foundBy === "HYPERVISOR_SOURCE", mayWrite),
    cache: findBinaryCache(path, mayWrite),
  };
}

function requireLayout(path: string): TreeLayout {
  const has = (name: string) => lstatIfExists(`${path}/${name}`) !== undefined;
  const layout = layoutOf(has);
  const missing = layout === undefined
    ? ["flake.nix", "nix/host.nix"].filter((name) => !has(name))
    : NEEDED[layout].filter((name) => !has(name));
  if (layout !== undefined && missing.length === 0) return layout;
  throw new ToolError(`source ${path} has no ${missing.join(" and no ")}`, {
    code: ExitCode.Configuration,
    hint:
      "name a folder that holds Hyper-NixOS with --source PATH: this repository (flake.nix and " +
      "nix/host.nix), or a published one (flake.nix, flake.lock, configuration.nix and modules/)",
  });
}

function locate(ctx: Context, named: string | undefined): [path: string, foundBy: string] {
  if (named !== undefined) {
    const path = realPathIfSeen(named);
    if (path && lstatIfExists(path)?.isDirectory) return [path, "--source"];
    throw new ToolError(`source ${named} is not a folder`, {
      code: ExitCode.Configuration,
      hint: "name the folder that holds flake.nix with --source PATH",
    });
  }
  const fromWrapper = ctx.env.HYPERVISOR_SOURCE;
  if (fromWrapper) return [realPathIfSeen(fromWrapper) ?? fromWrapper, "HYPERVISOR_SOURCE"];
  const starts = [
    [Deno.cwd(), "above the working directory"],
    [parentOf(realPathIfSeen(executable()) ?? "/"), "above the executable"],
  ] as const;
  for (const [start, foundBy] of starts) {
    for (let path = realPathIfSeen(start) ?? "/"; path !== "/"; path = parentOf(path)) {
      if (isHyperNixos(path)) return [path, foundBy];
    }
  }
  throw new ToolError("no source of Hyper-NixOS found", {
    code: ExitCode.Configuration,
    hint: "run it inside a checkout of the repository, or name one with --source PATH",
  });
}

/**
 * Whether a folder that nobody named is a source. The published layout is also that of many people's own
 * configurations, which may use Hyper-NixOS: there the flake's description has to begin with its name.
 */
export function isHyperNixos(path: string): boolean {
  const layout = layoutOfFolder(path);
  return layout === "native" || layout === "published" &&
      /^[^"]*\bdescription\s*=\s*"hyper-nixos\b/i.test(
        readTextIfExists(`${path}/flake.nix`) ?? "",
      );
}

function executable(): string {
  return Deno.build.standalone ? Deno.execPath() : new URL(Deno.mainModule).pathname;
}

/** Someone who can rename a folder above the source can put another one in its place. */
function refuseForeignParents(path: string, mayWrite: MayWrite): void {
  const foreign = foreignPart(path, mayWrite);
  // Of the folder itself its listing says it better.
  if (foreign === undefined || foreign.path === path) return;
  throw new ToolError(`source ${path} is below ${foreign.path}, which ${foreign.problem}`, {
    code: ExitCode.PermissionDenied,
    hint: "copy it to a folder of your own and name that with --source",
  });
}
