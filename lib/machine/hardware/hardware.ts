import type { Context } from "../context.ts";
import { type Cpu, readCpu } from "./cpu.ts";
import { type Disk, type MappedDevice, readDisks, readMappedDevices } from "./disks.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder, machineHas, machineText } from "../files/machine_files.ts";
import { type Memory, readMemory } from "./memory.ts";
import { linkName, type PciDevice, readPciDevices } from "./pci.ts";
import { readVirtualisation, type Virtualisation } from "./virtualisation.ts";

/** The hardware of the machine you sit at: also with `--root`, as for `nixos-install --root`. */
export interface Hardware {
  /** Undefined when /proc could not be read; the same for memory. */
  readonly cpu: Cpu | undefined;
  readonly memory: Memory | undefined;
  readonly virtualisation: Virtualisation;
  /** How the firmware started it: UEFI exactly when the kernel has /sys/firmware/efi. */
  readonly bootMode: "uefi" | "bios";
  readonly pci: readonly PciDevice[];
  readonly networkCards: readonly NetworkCard[];
  readonly disks: readonly Disk[];
  readonly mappedDevices: readonly MappedDevice[];
}

/** A network interface that is hardware (a bridge, bond or tunnel is not). */
export interface NetworkCard {
  /** The interface's name, for example `enp3s0`. */
  readonly name: string;
  readonly driver: string | undefined;
  /** `up`, `down`, `unknown` …: operstate of the kernel's sysfs-class-net documentation. */
  readonly state: string;
}

/** Reads all of it from /proc, /sys and /dev; needs no root and never throws. */
export function readHardware(ctx: Context): Hardware {
  const cpu = readCpu(ctx);
  return {
    cpu,
    memory: readMemory(ctx),
    virtualisation: readVirtualisation(ctx, cpu),
    bootMode: machineHas(kernelContext(ctx, "/sys"), "/sys/firmware/efi") ? "uefi" : "bios",
    pci: readPciDevices(ctx),
    networkCards: readNetworkCards(ctx),
    disks: readDisks(ctx),
    mappedDevices: readMappedDevices(ctx),
  };
}

/** Reads /sys/class/net: the interfaces with a device behind them. */
function readNetworkCards(ctx: Context): NetworkCard[] {
  const sys = kernelContext(ctx, "/sys");
  return machineFolder(sys, "/sys/class/net")
    .filter((name) => linkName(sys, `/sys/class/net/${name}/device`) !== undefined)
    .map((name) => ({
      name,
      driver: linkName(sys, `/sys/class/net/${name}/device/driver`),
      state: machineText(sys, `/sys/class/net/${name}/operstate`)?.trim() ?? "unknown",
    }));
}
