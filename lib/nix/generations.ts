import { listIfExists, lstatIfExists, parentOf, readTextIfExists } from "../machine/files/files.ts";
import { attempt } from "../machine/attempt.ts";
import { places } from "../machine/places.ts";
import type { Context } from "../machine/context.ts";
import { isSystemOrItsOwn, specialisationNames } from "./specialisation.ts";

/** One generation of the system profile (`/nix/var/nix/profiles/system-<number>-link`). */
export interface Generation {
  readonly number: number;
  /** The system closure it points to. */
  readonly toplevel: string;
  /** When it was made; the age of its link. */
  readonly made: Date;
  /** What the boot loader starts by default. */
  readonly isDefault: boolean;
  /** It, or one of its specialisations. */
  readonly isRunning: boolean;
  readonly isBooted: boolean;
  /** The names of its specialisations. */
  readonly specialisations: readonly string[];
  readonly nixosVersion: string | undefined;
  readonly kernelVersion: string | undefined;
  /** `system.configurationRevision`, for example the commit it was built from. */
  readonly configurationRevision: string | undefined;
}

/** The store path of the running system; undefined when this is no running NixOS. */
export function currentSystem(ctx: Context): string | undefined {
  return closureAt(ctx, places.currentSystem);
}

/** The store path of the system that was booted; its kernel is the one that runs. */
export function bootedSystem(ctx: Context): string | undefined {
  return closureAt(ctx, places.bootedSystem);
}

/** The store path that the system profile points to: what the next boot starts. */
export function bootDefault(ctx: Context): string | undefined {
  return closureAt(ctx, places.systemProfile);
}

/** The generations of the system profile, oldest first. Needs no privilege, changes nothing. */
export function generations(ctx: Context): Generation[] {
  const folder = parentOf(places.systemProfile);
  const [running, booted] = [currentSystem(ctx), bootedSystem(ctx)];
  const link = attempt(() => Deno.readLinkSync(ctx.root.host(places.systemProfile)));
  const defaultLink = link?.split("/").at(-1);
  return listIfExists(ctx.root.follow(folder)).flatMap((name) => {
    const number = /^system-(\d+)-link$/.exec(name)?.[1];
    if (number === undefined) return [];
    const link = `${folder}/${name}`;
    const toplevel = closureAt(ctx, link);
    const made = lstatIfExists(ctx.root.host(link))?.mtime;
    if (toplevel === undefined) return [];
    return [{
      number: Number(number),
      toplevel,
      made: made ?? new Date(0),
      isDefault: name === defaultLink,
      isRunning: running !== undefined && isSystemOrItsOwn(ctx, toplevel, running),
      isBooted: booted !== undefined && isSystemOrItsOwn(ctx, toplevel, booted),
      specialisations: specialisationNames(ctx, toplevel),
      ...versions(ctx, toplevel),
      configurationRevision: revision(ctx, toplevel),
    }];
  }).sort((a, b) => a.number - b.number);
}

/** A running system that is no generation: it was only tested, or its generation was removed. */
export function runningOutsideProfile(
  ctx: Context,
  all: readonly Generation[],
): Pick<Generation, "toplevel" | "nixosVersion" | "kernelVersion"> | undefined {
  const toplevel = currentSystem(ctx);
  if (toplevel === undefined || all.some(({ isRunning }) => isRunning)) return undefined;
  return { toplevel, ...versions(ctx, toplevel) };
}

/**
 * The generation number that a system has in the profile, the newest one, or that of the system it is a
 * specialisation of; undefined for none.
 */
export function generationOf(ctx: Context, toplevel: string): number | undefined {
  const all = generations(ctx);
  const own = all.findLast((generation) => generation.toplevel === toplevel) ??
    all.findLast((generation) => isSystemOrItsOwn(ctx, generation.toplevel, toplevel));
  return own?.number;
}

function closureAt(ctx: Context, path: string): string | undefined {
  if (lstatIfExists(ctx.root.host(path)) === undefined) return undefined;
  const real = ctx.root.realPath(path);
  return real === path ? undefined : real;
}

function versions(
  ctx: Context,
  toplevel: string,
): Pick<Generation, "nixosVersion" | "kernelVersion"> {
  return {
    nixosVersion: readTextIfExists(ctx.root.follow(`${toplevel}/nixos-version`))?.trim(),
    kernelVersion: listIfExists(ctx.root.follow(`${toplevel}/kernel-modules/lib/modules`))[0],
  };
}

/** What `nixos-version --json` of that system would print, read instead of run. */
function revision(ctx: Context, toplevel: string): string | undefined {
  const script = readTextIfExists(ctx.root.follow(`${toplevel}/sw/bin/nixos-version`)) ?? "";
  return /"configurationRevision":"([^"]*)"/.exec(script.slice(0, 8192))?.[1];
}
