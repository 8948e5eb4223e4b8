import { kernelContext } from "../../machine/hardware/kernel_files.ts";
import { machineFolder, machineHas, machineText } from "../../machine/files/machine_files.ts";
import { dryActivate, type DryActivation } from "../../nix/activation/dry_activation.ts";
import type { Context } from "../../machine/context.ts";
import { CommandError } from "../../machine/run.ts";

/** Services whose stop or restart guests feel (libvirt's monolithic and modular daemons). */
const GUEST_SERVICES =
  /^(libvirtd|libvirt-guests|virtqemud|virtnetworkd|virtlogd|virtlockd)\.(service|socket)$/;

/** libvirt's process files, `GUEST.pid` of each guest that QEMU runs. */
const PROCESS_FILES = "/run/libvirt/qemu";

/** Running guests, and what of an activation would touch them. */
export interface GuestsAtRisk {
  readonly guests: RunningGuests;
  /** Units that would be stopped or restarted; undefined when the dry activation did not say. */
  readonly units: readonly string[] | undefined;
}

/** Which guests run. */
export interface RunningGuests {
  readonly names: readonly string[];
  /** Why there may be others. */
  readonly unknown?: string;
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
  if (guests.names.length === 0 && guests.unknown === undefined) return undefined;
  const dry = await dryActivate(ctx, toplevel);
  const units = dry === undefined ? undefined : unitsOfGuests(dry, bridges(ctx));
  return units?.length === 0 ? undefined : { guests, units };
}

/**
 * The guests that libvirt says run, and those whose processes do: guests run on when libvirt is stopped,
 * and one that hangs does not say.
 */
async function runningGuests(ctx: Context): Promise<RunningGuests> {
  const processes = guestProcesses(ctx);
  if (!ctx.run.which("virsh")) return { names: processes };
  try {
    const { stdout } = await ctx.run(
      "virsh",
      ["--connect", "qemu:///system", "list", "--name", "--state-running"],
      { timeout: 20_000 },
    );
    const listed = stdout.split("\n").map((name) => name.trim()).filter((name) => name !== "");
    return { names: [...new Set([...listed, ...processes])] };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    ctx.log.debug(`libvirt does not say which guests run: ${error.message}`);
    if (!error.result.timedOut) return { names: processes };
    return { names: processes, unknown: "libvirt does not answer" };
  }
}

/** Names of the guests whose QEMU processes run, whether or not libvirt does. */
export function guestProcesses(ctx: Context): string[] {
  const system = kernelContext(ctx, "/proc");
  return machineFolder(ctx, PROCESS_FILES).flatMap((file) => {
    const name = /^(.+)\.pid$/.exec(file)?.[1];
    const process = machineText(ctx, `${PROCESS_FILES}/${file}`)?.trim() ?? "";
    if (name === undefined || !/^\d+$/.test(process)) return [];
    // libvirt's own process has such a file too (driver.pid), and numbers are given again. libvirt starts
    // QEMU with `-name guest=NAME,…`, in which a comma is doubled.
    const started = machineText(system, `/proc/${process}/cmdline`)?.split("\0") ?? [];
    const names = started.map((one) => /^guest=((?:[^,]|,,)*)/.exec(one)?.[1]);
    return names.includes(name.replaceAll(",", ",,")) ? [name] : [];
  });
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
