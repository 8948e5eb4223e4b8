import type { Context } from "../program/context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder, machineText } from "./machine_files.ts";

/** A disk of the machine you sit at. */
export interface Disk {
  /** The kernel's name, for example `nvme0n1`. */
  readonly name: string;
  readonly bytes: number;
  /** False for SSDs, and for most virtual disks. */
  readonly rotational: boolean;
  readonly removable: boolean;
  readonly readOnly: boolean;
  readonly model: string | undefined;
  readonly partitions: readonly Partition[];
}

export interface Partition {
  readonly name: string;
  readonly bytes: number;
}

/** A block device that the kernel makes of others. */
export interface MappedDevice {
  /** The kernel's name, for example `dm-0`. */
  readonly name: string;
  /** `luks`, `lvm`, `dm` for other mappings, `md` for software RAID. */
  readonly kind: "luks" | "lvm" | "dm" | "md";
  /** The name under /dev/mapper, or of the array. */
  readonly mappedName: string;
  /** LUKS: the header's UUID, as in /dev/disk/by-uuid. */
  readonly luksUuid: string | undefined;
  /** Kernel names of the devices it lies on. */
  readonly slaves: readonly string[];
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
      rotational: read("queue/rotational") === "1",
      removable: read("removable") === "1",
      readOnly: read("ro") === "1",
      model: model || undefined,
      partitions: machineFolder(sys, folder)
        .filter((entry) => read(`${entry}/partition`) !== undefined)
        .map((entry) => ({ name: entry, bytes: Number(read(`${entry}/size`) ?? 0) * SECTOR })),
    }];
  });
}

/** Reads device-mapper and software RAID devices in /sys/block. */
export function readMappedDevices(ctx: Context): MappedDevice[] {
  const sys = kernelContext(ctx, "/sys");
  return machineFolder(sys, "/sys/block").flatMap((name): MappedDevice[] => {
    const folder = `/sys/block/${name}`;
    const read = (file: string) => machineText(sys, `${folder}/${file}`)?.trim();
    const slaves = machineFolder(sys, `${folder}/slaves`);
    const mappedName = read("dm/name");
    if (mappedName !== undefined) {
      const uuid = read("dm/uuid") ?? "";
      const kind = uuid.startsWith("CRYPT-LUKS") ? "luks" : uuid.startsWith("LVM-") ? "lvm" : "dm";
      return [{ name, kind, mappedName, luksUuid: luksUuid(uuid), slaves }];
    }
    if (read("md/level") === undefined) return [];
    return [{ name, kind: "md", mappedName: name, luksUuid: undefined, slaves }];
  });
}

/**
 * The kernel names of the disks that a block device lies on: itself, the disk of a partition, all
 * disks below a mapping or an array.
 */
export function disksBelow(ctx: Context, name: string): string[] {
  const disks = readDisks(ctx);
  const mapped = new Map(readMappedDevices(ctx).map((device) => [device.name, device]));
  const found = new Set<string>();
  const visited = new Set<string>();
  const visit = (device: string) => {
    if (visited.has(device)) return;
    visited.add(device);
    mapped.get(device)?.slaves.forEach(visit);
    const disk = disks.find((disk) =>
      disk.name === device || disk.partitions.some((partition) => partition.name === device)
    );
    if (disk) found.add(disk.name);
  };
  visit(name);
  return [...found].sort();
}

/** `CRYPT-LUKS2-<32 hex digits>-name`, as cryptsetup names its mappings; the UUID with its dashes. */
function luksUuid(uuid: string): string | undefined {
  const digits = /^CRYPT-LUKS\d-([0-9a-f]{32})-/.exec(uuid)?.[1];
  return digits?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
