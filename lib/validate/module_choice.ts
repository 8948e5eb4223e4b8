import { machineHas } from "../machine/files/machine_files.ts";
import type { Context } from "../machine/context.ts";

/** What the module makes wherever it is enabled (nix/module/folders.nix). */
const MODULE = "/etc/tmpfiles.d/hyper-nixos.conf";

/**
 * Whether the configuration that was activated last has the module, and none of these units, which are the
 * module's own default: the owner has said so.
 */
export function isTurnedOff(ctx: Context, units: readonly string[]): boolean {
  return machineHas(ctx, MODULE) &&
    !units.some((unit) => machineHas(ctx, `/etc/systemd/system/${unit}`));
}
