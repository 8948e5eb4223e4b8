import type { Context } from "../context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder, machineLink, machineText } from "../files/machine_files.ts";

/** A PCI device of the machine you sit at. */
export interface PciDevice {
  /** Domain, bus, device and function, for example `0000:01:00.0`. */
  readonly address: string;
  readonly kind: "gpu" | "network" | "storage" | "other";
  /** Vendor and device: `10de:2204`, as vfio-pci takes it. */
  readonly id: string;
  /** The vendor's name where it is a common one; its ID otherwise. */
  readonly vendor: string;
  readonly iommuGroup: number | undefined;
}

/** By PCI-SIG vendor ID; for people to read, nothing is decided by it. */
const VENDORS: Readonly<Record<string, string>> = {
  "1000": "Broadcom LSI",
  "1002": "AMD",
  "1011": "DEC",
  "1013": "Cirrus Logic",
  "1022": "AMD",
  "102b": "Matrox",
  "106b": "Apple",
  "10de": "NVIDIA",
  "10ec": "Realtek",
  "1106": "VIA",
  "1234": "QEMU",
  "1414": "Microsoft",
  "144d": "Samsung",
  "14c3": "MediaTek",
  "14e4": "Broadcom",
  "15ad": "VMware",
  "15b3": "Mellanox",
  "15b7": "SanDisk",
  "168c": "Qualcomm Atheros",
  "17cb": "Qualcomm",
  "1a03": "ASPEED",
  "1af4": "Red Hat (virtio)",
  "1b21": "ASMedia",
  "1b36": "Red Hat (QEMU)",
  "1b4b": "Marvell",
  "1b73": "Fresco Logic",
  "1c5c": "SK hynix",
  "1cc1": "ADATA",
  "1d0f": "Amazon",
  "1d6a": "Aquantia",
  "1d97": "Longsys",
  "1e0f": "KIOXIA",
  "5853": "Xen",
  "80ee": "VirtualBox",
  "8086": "Intel",
  "c0a9": "Micron",
};

/** By base class, the first byte of the class code (PCI Code and ID Assignment Specification). */
const KINDS: Readonly<Record<string, PciDevice["kind"]>> = {
  "01": "storage",
  "02": "network",
  "03": "gpu",
};

/** Reads /sys/bus/pci/devices, in the order of addresses; empty on machines without PCI. */
export function readPciDevices(ctx: Context): PciDevice[] {
  const sys = kernelContext(ctx, "/sys");
  return machineFolder(sys, "/sys/bus/pci/devices").flatMap((address): PciDevice[] => {
    const folder = `/sys/bus/pci/devices/${address}`;
    const [classCode, vendor, device] = ["class", "vendor", "device"].map((file) =>
      /^0x([0-9a-f]+)$/.exec(machineText(sys, `${folder}/${file}`)?.trim() ?? "")?.[1]
    );
    if (classCode === undefined || vendor === undefined || device === undefined) return [];
    const group = linkName(sys, `${folder}/iommu_group`);
    return [{
      address,
      kind: KINDS[classCode.slice(0, 2)] ?? "other",
      id: `${vendor}:${device}`,
      vendor: VENDORS[vendor] ?? vendor,
      iommuGroup: group === undefined ? undefined : Number(group),
    }];
  });
}

/** The last component of a sysfs link's target; undefined when it is no link. */
export function linkName(ctx: Context, path: string): string | undefined {
  return machineLink(ctx, path)?.split("/").at(-1);
}
