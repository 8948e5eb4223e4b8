import type { Context } from "../context.ts";
import { type Cpu, readCpu } from "./cpu.ts";
import { type Disk, type MappedDevice, readDisks, readMappedDevices } from "./disks.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineHas } from "../files/machine_files.ts";
import { type Memory, readMemory } from "./memory.ts";
import { type NetworkCard, readNetworkCards } from "./network_cards.ts";
import { type PciDevice, readPciDevices } from "./pci.ts";
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
