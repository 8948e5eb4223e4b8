import { type AttributeSet, membersOf } from "../../nix/expressions/expression.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { asExpression } from "./carry_plain.ts";
import type { TreeLayout } from "../../machine/tree_layout.ts";
import type { HardwareFile } from "./hardware_file.ts";
import { merge, override, said, type Setting } from "./setting.ts";

type Boot = ConfigurationFacts["boot"];

/** What the Hyper-NixOS modules set by themselves (nix/module/virtualisation.nix). */
const OURS = new Set(["intel_iommu=on", "iommu=pt", "kvm-amd", "kvm-intel"]);
/** File systems that NixOS supports without being told. */
const OWN_FILE_SYSTEMS = new Set(["auto", "ext2", "ext3", "ext4", "tmpfs", "vfat", "devtmpfs"]);

/** The boot loader, exactly as it is installed now. */
export function carryBootLoader(boot: Boot): Setting[] {
  const { systemdBoot, grub, efi } = boot;
  return [
    override("boot.loader.systemd-boot.enable", systemdBoot.enable),
    ...(systemdBoot.enable
      ? said("boot.loader.systemd-boot", { configurationLimit: systemdBoot.configurationLimit })
      : []),
    override("boot.loader.grub.enable", grub.enable),
    ...(grub.enable ? carryGrub(grub) : []),
    ...said("boot.loader.generic-extlinux-compatible", { enable: boot.extlinux }),
    ...(systemdBoot.enable || grub.efiSupport
      ? [
        override("boot.loader.efi.canTouchEfiVariables", efi.canTouchEfiVariables),
        override("boot.loader.efi.efiSysMountPoint", efi.efiSysMountPoint),
      ]
      : []),
    ...said("boot.loader", { timeout: boot.timeout }),
  ];
}

function carryGrub(grub: Boot["grub"]): Setting[] {
  // NixOS derives a mirroredBoots entry from devices; the others are the owner's.
  const own = new Set(grub.devices);
  const mirrored = grub.mirroredBoots.filter(({ devices }) =>
    own.size === 0 || new Set(devices).symmetricDifference(own).size > 0
  ).map(({ path, devices, efiSysMountPoint }) => ({
    path,
    devices,
    efiSysMountPoint: efiSysMountPoint ?? undefined,
  }));
  return [
    ...said("boot.loader.grub", { mirroredBoots: mirrored }, own.size > 0 ? merge : override),
    ...(mirrored.length === 0 || own.size > 0
      ? [override("boot.loader.grub.devices", grub.devices)]
      : []),
    override("boot.loader.grub.efiSupport", grub.efiSupport),
    ...said("boot.loader.grub", {
      efiInstallAsRemovable: grub.efiInstallAsRemovable,
      zfsSupport: grub.zfsSupport,
      useOSProber: grub.useOSProber,
      enableCryptodisk: grub.enableCryptodisk,
      configurationLimit: grub.configurationLimit,
    }),
  ];
}

/** Kernel parameters, modules and file systems that the owner asked for, beside the hardware file. */
export function carryKernel(boot: Boot, hardware: HardwareFile, layout: TreeLayout): Setting[] {
  const ours = layout === "native" ? OURS : new Set<string>();
  const known = new Set([...ours, ...hardware.modules]);
  const without = (values: readonly string[], others: ReadonlySet<string>) =>
    [...new Set(values)].filter((one) => !others.has(one));
  return [
    ...said("boot", {
      kernelParams: without(boot.kernelParams, ours),
      kernelModules: without(boot.kernelModules, known),
      "initrd.availableKernelModules": without(boot.initrdAvailableKernelModules, known),
      "initrd.kernelModules": without(boot.initrdKernelModules, known),
      supportedFilesystems: without(boot.supportedFilesystems, OWN_FILE_SYSTEMS),
      "zfs.extraPools": without(boot.zfsExtraPools, new Set()),
    }, merge),
    ...said("boot", { "swraid.enable": boot.swraid, "initrd.systemd.enable": boot.initrdSystemd }),
  ];
}

/**
 * Disks that the configuration declares outside hardware-configuration.nix (which stays, and may be
 * generated anew): file systems, encrypted devices, swap, and where hibernation resumes from.
 */
export function carryDisks(facts: ConfigurationFacts, hardware: HardwareFile): Setting[] {
  const { boot } = facts;
  /** Of what the hardware file has, only what something else says of it. */
  const at = (
    option: readonly string[],
    value: AttributeSet,
    only?: readonly string[],
  ): Setting[] =>
    membersOf(value).filter(([name]) => only?.includes(name) ?? true)
      .map(([name, one]) => override([...option, name], one));
  const beside = (names: readonly string[], name: string, saidElsewhere: readonly string[] = []) =>
    names.includes(name) ? saidElsewhere : undefined;
  const swap = facts.swapDevices.filter(({ device }) => !hardware.swap.includes(device));
  return [
    ...facts.fileSystems.flatMap((one) =>
      at(["fileSystems", one.mountPoint], {
        device: one.device ?? undefined,
        fsType: one.fsType,
        options: one.options,
        neededForBoot: one.neededForBoot || undefined,
        ...asExpression(one.further) as AttributeSet,
      }, beside(hardware.fileSystems, one.mountPoint, one.saidElsewhere))
    ),
    ...boot.luks.flatMap((one) =>
      at(["boot", "initrd", "luks", "devices", one.name], {
        device: one.device,
        keyFile: one.keyFile ?? undefined,
        header: one.header ?? undefined,
        preLVM: one.preLVM ? undefined : false,
        allowDiscards: one.allowDiscards || undefined,
        bypassWorkqueues: one.bypassWorkqueues || undefined,
        fallbackToPassword: one.fallbackToPassword || undefined,
        ...asExpression(one.further) as AttributeSet,
      }, beside(hardware.luks, one.name, one.saidElsewhere))
    ),
    ...said([], {
      swapDevices: swap.map((one) => ({
        device: one.device,
        size: one.size ?? undefined,
        priority: one.priority ?? undefined,
        ...(one.randomEncryption ? { randomEncryption: { enable: true } } : {}),
        ...asExpression(one.further) as AttributeSet,
      })),
    }, merge),
    ...said([], { "zramSwap.enable": facts.zramSwap, "boot.resumeDevice": boot.resumeDevice }),
    ...said("environment.etc.crypttab", { text: boot.crypttab }, merge),
  ];
}
