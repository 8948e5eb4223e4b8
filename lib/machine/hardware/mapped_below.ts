import type { Context } from "../context.ts";
import { type MappedDevice, readMappedDevices } from "./disks.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder } from "../files/machine_files.ts";
import { mountOf, readMounts } from "./mounts.ts";

/** A device that the kernel makes of others, and those directly below it. */
export interface MappedBelow extends MappedDevice {
  /** Kernel names: `sda2`. */
  readonly on: readonly string[];
}

/**
 * What the kernel makes of other devices below a mounted file system, as /proc and /sys show them; none for
 * ZFS.
 */
export function mappedBelow(ctx: Context, mountPoint: string): MappedBelow[] {
  const sys = kernelContext(ctx, "/sys");
  const mapped = readMappedDevices(ctx);
  const source = mountOf(readMounts(ctx), mountPoint)?.source.replace(/^\/dev\/(mapper\/)?/, "");
  const found = new Map<string, MappedBelow>();
  const seen = new Set<string>();
  const visit = (device: string) => {
    if (seen.has(device)) return;
    seen.add(device);
    const below = machineFolder(sys, `/sys/block/${device}/slaves`);
    const own = mapped.find(({ name }) => name === device);
    if (own !== undefined) found.set(device, { ...own, on: below });
    below.forEach(visit);
  };
  const top = mapped.find(({ name, mappedName }) => mappedName === source || name === source);
  if (top !== undefined) visit(top.name);
  return [...found.values()];
}
