import type { Context } from "../context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder, machineText } from "../files/machine_files.ts";

/** A disk of the machine you sit at. */
export interface Disk {
  /** The kernel's name, for example `nvme0n1`. */
  readonly name: string;
  readonly bytes: number;
  readonly model: string | undefined;
  /** The kernel's names of its partitions. */
  readonly partitions: readonly string[];
}

/** A block device that the kernel makes of others. */
export interface MappedDevice {
  /** The kernel's name, for example `dm-0`. */
  readonly name: string;
  /** `luks`, `lvm`, `dm` for other mappings, `md` for software RAID. */
  readonly kind: "luks" | "lvm" | "dm" | "md";
  /** The name under /dev/mapper, or of the array. */
  readonly mappedName: string;
  /** Of a LUKS device: the UUID of what it is opened from. */
  readonly luksUuid?: string;
}

/** sysfs counts in sectors of 512 bytes whatever the disk's own are (sysfs-block of the kernel). */
const SECTOR = 512;
/** Block devices that are not disks: software, optical drives, floppies, and eMMC's boot areas. */
const NOT_DISKS = /^(loop|ram|zram|dm-|md|sr|fd|nbd|zd|drbd|bcache)\d|^mmcblk\d+(boot|rpmb)/;

/** Reads the disks in /sys/block; those without a medium are left out. */
export function readDisks(ctx: Context): Disk[] {
  const sys = kernelContext(ctx, "/sys");
  return machineFolder(sys, "/sys/block").flatMap((name): Disk[] => {
    const folder = `/sys/block/${name}`;
    const read = (file: string) => machineText(sys, `${folder}/${file}`)?.trim();
    const bytes = Number(read("size") ?? 0) * SECTOR;
    if (NOT_DISKS.test(name) || bytes === 0 || read("hidden") === "1") return [];
    const model = read("device/model") ?? read("device/name");
    return [{
      name,
      bytes,
      model: model || undefined,
      partitions: machineFolder(sys, folder)
        .filter((entry) => read(`${entry}/partition`) !== undefined),
    }];
  });
}

/** Reads device-mapper and software RAID devices in /sys/block. */
export function readMappedDevices(ctx: Context): MappedDevice[] {
  const sys = kernelContext(ctx, "/sys");
  return machineFolder(sys, "/sys/block").flatMap((name): MappedDevice[] => {
    const folder = `/sys/block/${name}`;
    const read = (file: string) => machineText(sys, `${folder}/${file}`)?.trim();
    const mappedName = read("dm/name");
    if (mappedName !== undefined) {
      const uuid = read("dm/uuid") ?? "";
      const kind = uuid.startsWith("CRYPT-LUKS") ? "luks" : uuid.startsWith("LVM-") ? "lvm" : "dm";
      // dm_prepare_uuid() of cryptsetup: the UUID without its hyphens.
      const luks = /^CRYPT-LUKS\d-(.{8})(.{4})(.{4})(.{4})(.{12})-/.exec(uuid);
      return [{ name, kind, mappedName, ...(luks ? { luksUuid: luks.slice(1).join("-") } : {}) }];
    }
    if (read("md/level") === undefined) return [];
    return [{ name, kind: "md", mappedName: name }];
  });
}
