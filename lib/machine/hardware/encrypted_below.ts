import type { Context } from "../context.ts";
import { type MappedDevice, readMappedDevices } from "./disks.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder } from "../files/machine_files.ts";
import { mountOf, readMounts } from "./mounts.ts";

/** An open LUKS device that a file system stands on, through LVM and RAID too. */
export interface OpenEncrypted {
  /** Its name under /dev/mapper. */
  readonly name: string;
  /** Kernel names of the devices that hold it: `sda2`. */
  readonly on: readonly string[];
}

/** The LUKS devices below a mounted file system, as /proc and /sys show them; none for ZFS. */
export function encryptedBelow(ctx: Context, mountPoint: string): OpenEncrypted[] {
  return mappedBelow(ctx, mountPoint).filter(({ kind }) => kind === "luks")
    .map(({ mappedName, on }) => ({ name: mappedName, on }));
}

/** What the kernel makes of other devices below a mounted file system; `on` are those directly below. */
export function mappedBelow(
  ctx: Context,
  mountPoint: string,
): (MappedDevice & { readonly on: readonly string[] })[] {
  const sys = kernelContext(ctx, "/sys");
  const mapped = readMappedDevices(ctx);
  const source = mountOf(readMounts(ctx), mountPoint)?.source.replace(/^\/dev\/(mapper\/)?/, "");
  const found = new Map<string, MappedDevice & { readonly on: readonly string[] }>();
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
