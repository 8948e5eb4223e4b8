import type { Context } from "../program/context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineHas } from "./machine_files.ts";

/** How the firmware started the machine you sit at. */
export type BootMode = "uefi" | "bios";

/** UEFI exactly when the kernel has /sys/firmware/efi. */
export function readBootMode(ctx: Context): BootMode {
  return machineHas(kernelContext(ctx, "/sys"), "/sys/firmware/efi") ? "uefi" : "bios";
}
