import type { Context } from "../context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder, machineHas } from "../files/machine_files.ts";
import { readMappedDevices } from "./disks.ts";

/** Whether a device that a configuration names is there. */
export type DevicePresence =
  | "present"
  | "absent"
  /** It could be there: nothing lists such names here, or the mapping is not open now. */
  | "unknown"
  /** tmpfs, a ZFS dataset, a network file system, a bind mount, a swap file: nothing to look for. */
  | "not a device";

/** Tags of fstab(5) and their folders under /dev/disk. */
const TAGS: Readonly<Record<string, string>> = {
  UUID: "by-uuid",
  LABEL: "by-label",
  PARTUUID: "by-partuuid",
  PARTLABEL: "by-partlabel",
  ID: "by-id",
};

/**
 * Whether a device of a configuration's fileSystems, swapDevices or LUKS entries is on this machine.
 * @param device a path under /dev, a tag (`UUID=…`), or whatever else `device` may hold
 */
export function devicePresence(ctx: Context, device: string): DevicePresence {
  const tag = /^([A-Z]+)=(.+)$/.exec(device);
  const folder = tag ? TAGS[tag[1]!] : /^\/dev\/disk\/(by-[^/]+)\/[^/]+$/.exec(device)?.[1];
  if (folder !== undefined) {
    const name = tag ? tag[2]!.replace(/^"(.*)"$/, "$1") : device.split("/").at(-1)!;
    return linkPresence(ctx, folder, tag ? name : unescapeUdev(name));
  }
  if (tag || !device.startsWith("/dev/")) return "not a device";
  return nodePresence(ctx, device);
}

/** udev makes /dev/disk for the first name it finds, and a folder in it for the first of its kind. */
function linkPresence(ctx: Context, folder: string, name: string): DevicePresence {
  const dev = kernelContext(ctx, "/dev");
  if (machineFolder(dev, `/dev/disk/${folder}`).some((entry) => unescapeUdev(entry) === name)) {
    return "present";
  }
  return machineHas(dev, "/dev/disk") ? "absent" : "unknown";
}

/** Names in folders (/dev/mapper/x, /dev/vg/lv, /dev/zvol/…) are there only while opened. */
function nodePresence(ctx: Context, device: string): DevicePresence {
  const name = device.slice("/dev/".length);
  const sys = kernelContext(ctx, "/sys");
  if (machineHas(kernelContext(ctx, "/dev"), device)) return "present";
  if (name.includes("/")) {
    const open = readMappedDevices(ctx).some((mapped) => `mapper/${mapped.mappedName}` === name);
    return open ? "present" : "unknown";
  }
  if (machineHas(sys, `/sys/class/block/${name}`)) return "present";
  return machineFolder(sys, "/sys/class/block").length > 0 ? "absent" : "unknown";
}

/** udev writes what is not safe in a file name as `\x20`; the bytes are UTF-8. */
function unescapeUdev(name: string): string {
  return name.replace(/(?:\\x[0-9a-f]{2})+/g, (escaped) => {
    const bytes = escaped.split("\\x").slice(1).map((digits) => parseInt(digits, 16));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
}
