import { machineFolder } from "../machine/files/machine_files.ts";
import type { Context } from "../machine/context.ts";

/**
 * The names of a system's specialisations, sorted: systems of their own, which its folder
 * `specialisation` leads to (NixOS manual, "specialisation").
 */
export function specialisationNames(ctx: Context, system: string): string[] {
  return machineFolder(ctx, folderOf(system));
}

/** The store path of a system's specialisation; undefined when it has none of that name. */
export function specialisationPath(ctx: Context, system: string, name: string): string | undefined {
  return specialisationNames(ctx, system).includes(name)
    ? ctx.root.realPath(`${folderOf(system)}/${name}`)
    : undefined;
}

/** Under which name a system has another one as its specialisation; undefined when it has not. */
export function specialisationNamed(
  ctx: Context,
  system: string,
  specialised: string,
): string | undefined {
  return specialisationNames(ctx, system)
    .find((name) => specialisationPath(ctx, system, name) === specialised);
}

/** Whether a store path is a system or one of its specialisations. */
export function isSystemOrItsOwn(ctx: Context, system: string, path: string): boolean {
  return system === path || specialisationNamed(ctx, system, path) !== undefined;
}

function folderOf(system: string): string {
  return `${system}/specialisation`;
}
