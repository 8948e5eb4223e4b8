import { kernelContext } from "../machine/hardware/kernel_files.ts";
import { machineFolder, machineHas } from "../machine/files/machine_files.ts";
import { dryActivate, type DryActivation } from "../nix/activation/dry_activation.ts";
import type { Context } from "../machine/context.ts";

/** Services whose stop or restart guests feel (libvirt's monolithic and modular daemons). */
const GUEST_SERVICES =
  /^(libvirtd|libvirt-guests|virtqemud|virtnetworkd|virtlogd|virtlockd)\.(service|socket)$/;

/** Running guests, and what of an activation would touch them. */
export interface GuestsAtRisk {
  readonly guests: readonly string[];
  /** Units that would be stopped or restarted; undefined when the dry activation did not say. */
  readonly units: readonly string[] | undefined;
}

/**
 * Whether activating a system would touch running guests: undefined when none runs, or when nothing
 * that they need would be stopped or restarted.
 */
export async function guestsAtRisk(
  ctx: Context,
  toplevel: string,
): Promise<GuestsAtRisk | undefined> {
  const guests = await runningGuests(ctx);
  if (guests.length === 0) return undefined;
  const dry = await dryActivate(ctx, toplevel);
  const units = dry === undefined ? undefined : unitsOfGuests(dry, bridges(ctx));
  return units?.length === 0 ? undefined : { guests, units };
}

/** Names of the guests that run now; empty when libvirt does not answer. */
async function runningGuests(ctx: Context): Promise<string[]> {
  if (!ctx.run.which("virsh")) return [];
  const { code, stdout, stderr } = await ctx.run(
    "virsh",
    ["--connect", "qemu:///system", "list", "--name", "--state-running"],
    { accept: "any", timeout: 20_000 },
  );
  if (code !== 0) {
    ctx.log.debug(`libvirt does not say which guests run: ${stderr.trim()}`);
    return [];
  }
  return stdout.split("\n").map((name) => name.trim()).filter((name) => name !== "");
}

/** The units of a dry activation that guests depend on: libvirt's own and those of bridges. */
export function unitsOfGuests(dry: DryActivation, bridgeNames: readonly string[]): string[] {
  return [...dry.stop, ...dry.restart].filter((unit) =>
    GUEST_SERVICES.test(unit) ||
    bridgeNames.some((bridge) =>
      unit === `${bridge}-netdev.service` || unit === `network-addresses-${bridge}.service`
    )
  );
}

/** Bridges of the running kernel (sysfs-class-net of its documentation). */
function bridges(ctx: Context): string[] {
  const sys = kernelContext(ctx, "/sys");
  return machineFolder(sys, "/sys/class/net")
    .filter((name) => machineHas(sys, `/sys/class/net/${name}/bridge`));
}
