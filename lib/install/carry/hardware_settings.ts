import { mountOf } from "../../machine/hardware/mounts.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { carryBootLoader, carryKernel } from "./carry_boot.ts";
import type { MachineReading } from "../plan/machine_reading.ts";
import type { TreeLayout } from "../../machine/tree_layout.ts";
import { EVALUATED, merge, override, type Setting, weak } from "./setting.ts";

/** KVM and IOMMU for this machine's processor: all that a base does not say of the hardware. */
export function virtualisationSettings({ hardware, facts }: MachineReading): Setting[] {
  // Where firmware or a hypervisor hides the extension, the KVM module cannot be loaded, and a unit that
  // fails at the switch would be the installer's doing.
  const vendor = hardware.cpu?.extension && hardware.cpu.vendor;
  const cpu = vendor === "intel" || vendor === "amd"
    ? [weak("hypervisor.cpu.vendor", vendor, "/proc/cpuinfo")]
    : [];
  const wasOn = facts?.boot.kernelParams.some((one) => /^(intel|amd)_iommu=on$/.test(one)) ?? false;
  const isGuest = hardware.virtualisation.guestOf !== undefined;
  const iommu = weak(
    "hypervisor.iommu.enable",
    !isGuest || wasOn,
    wasOn ? EVALUATED : `/sys: this machine is ${isGuest ? "a guest" : "hardware"}`,
  );
  return [...cpu, iommu];
}

/**
 * The hardware module without a base: KVM and IOMMU, and the boot loader as it is installed, from the
 * evaluated configuration, else from what is on the disks.
 * @returns the settings, and why the boot loader is unknown where it is
 */
export function hardwareSettings(
  reading: MachineReading,
  layout: TreeLayout = "native",
): { readonly settings: readonly Setting[]; readonly problem: ToolError | undefined } {
  const { facts } = reading;
  // A published tree looks at the processor by itself, and has no such options.
  const own = layout === "native" ? virtualisationSettings(reading) : [];
  if (facts) {
    return {
      settings: [
        ...own,
        ...carryBootLoader(facts.boot),
        ...carryKernel(facts.boot, reading.hardwareFile, layout),
      ],
      problem: undefined,
    };
  }
  const found = bootLoaderOnDisk(reading);
  return {
    settings: [...own, ...(found ?? [])],
    problem: found ? undefined : new ToolError("the boot loader of this machine cannot be found", {
      code: ExitCode.Configuration,
      hint:
        "make the existing configuration evaluate (nixos-rebuild dry-build), so that it can be read",
    }),
  };
}

/** What the boot files say, for a configuration that does not evaluate. */
function bootLoaderOnDisk(reading: MachineReading): Setting[] | undefined {
  const { bootFiles, hardware, mounts } = reading;
  const esp = bootFiles.esps[0];
  if (hardware.bootMode === "uefi" && esp && bootFiles.loaders.includes("systemd-boot")) {
    return [
      override("boot.loader.systemd-boot.enable", true, `files on ${esp}`),
      override("boot.loader.grub.enable", false, `files on ${esp}`),
      override("boot.loader.efi.canTouchEfiVariables", true, "/sys/firmware/efi"),
      override("boot.loader.efi.efiSysMountPoint", esp, "/proc/self/mountinfo"),
    ];
  }
  const disk = bootDisk(reading, mountOf(mounts, "/boot")?.source);
  if (!bootFiles.loaders.includes("grub")) return undefined;
  if (hardware.bootMode === "uefi" && esp) {
    return [
      override("boot.loader.grub.enable", true, "/boot/grub"),
      override("boot.loader.grub.devices", ["nodev"], "/sys/firmware/efi"),
      override("boot.loader.grub.efiSupport", true, "/sys/firmware/efi"),
      override("boot.loader.efi.canTouchEfiVariables", true, "/sys/firmware/efi"),
      override("boot.loader.efi.efiSysMountPoint", esp, "/proc/self/mountinfo"),
    ];
  }
  if (hardware.bootMode === "uefi" || disk === undefined) return undefined;
  return [
    override("boot.loader.grub.enable", true, "/boot/grub"),
    merge("boot.loader.grub.devices", [disk], "the disk of /boot"),
  ];
}

/** The disk whose partition /boot is on, when that can be said for certain. */
function bootDisk({ hardware }: MachineReading, source: string | undefined): string | undefined {
  const name = source?.match(/^\/dev\/([a-z0-9]+)$/)?.[1];
  if (name === undefined) return undefined;
  const disk = hardware.disks.find((one) => one.name === name || one.partitions.includes(name));
  return disk && `/dev/${disk.name}`;
}
