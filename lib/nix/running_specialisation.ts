import { machineText } from "../machine/files/machine_files.ts";
import type { Context } from "../machine/context.ts";
import { bootedSystem, currentSystem, generations } from "./generations.ts";
import { specialisationNamed } from "./specialisation.ts";
import { systemRecord } from "./system_record.ts";

/** A specialisation, by the system that it belongs to. */
export interface Specialised {
  /** The store path of that system. */
  readonly base: string;
  readonly name: string;
}

/**
 * What a system is a specialisation of: of a generation, of what was booted, or of what these tools
 * activated it as; undefined when it is a system by itself, or its base is not known any more.
 */
export function specialisedOf(ctx: Context, system: string): Specialised | undefined {
  const recorded = systemRecord(ctx, system)?.specialisation;
  if (recorded !== undefined) return recorded;
  const known = generations(ctx).map(({ toplevel }) => toplevel).reverse();
  for (const base of [...known, bootedSystem(ctx)]) {
    const name = base === undefined ? undefined : specialisationNamed(ctx, base, system);
    if (name !== undefined) return { base: base!, name };
  }
  return undefined;
}

/**
 * The name of the specialisation that runs; undefined for a system by itself. Where its base is not
 * known, it is what the file says that nh asks people to write (nh's README, "Specialisations").
 */
export function runningSpecialisation(ctx: Context): string | undefined {
  const running = currentSystem(ctx);
  if (running === undefined) return undefined;
  const name = specialisedOf(ctx, running)?.name ??
    machineText(ctx, "/etc/specialisation")?.trim();
  return name === "" ? undefined : name;
}
