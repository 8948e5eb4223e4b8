import { type AttributeSet, membersOf } from "../../nix/expressions/expression.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { asExpression } from "./carry_plain.ts";
import type { TreeLayout } from "../../machine/tree_layout.ts";
import type { HardwareFile } from "./hardware_file.ts";
import { merge, override, type Setting } from "./setting.ts";

type Boot = ConfigurationFacts["boot"];

/** What the Hyper-NixOS modules set by themselves (nix/module/virtualisation.nix). */
const OURS = new Set(["intel_iommu=on", "iommu=pt", "kvm-amd", "kvm-intel"]);
/** File systems that NixOS supports without being told. */
const OWN_FILE_SYSTEMS = new Set(["auto", "ext2", "ext3", "ext4", "tmpfs", "vfat", "devtmpfs"]);

/** The boot loader, exactly as it is installed now. */
export function carryBootLoader(boot: Boot, source: string): Setting[] {
  const { systemdBoot, grub, efi } = boot;
  return [
    override("boot.loader.systemd-boot.enable", systemdBoot.enable, source),
    ...(systemdBoot.enable && systemdBoot.configurationLimit !== null
      ? [
        override(
          "boot.loader.systemd-boot.configurationLimit",
          systemdBoot.configurationLimit,
          source,
        ),
      ]
      : []),
    override("boot.loader.grub.enable", grub.enable, source),
    ...(grub.enable ? carryGrub(grub, source) : []),
    ...(boot.extlinux
      ? [override("boot.loader.generic-extlinux-compatible.enable", true, source)]
      : []),
    ...(systemdBoot.enable || grub.efiSupport
      ? [
        override("boot.loader.efi.canTouchEfiVariables", efi.canTouchEfiVariables, source),
        override("boot.loader.efi.efiSysMountPoint", efi.efiSysMountPoint, source),
      ]
      : []),
    ...(boot.timeout === null ? [] : [override("boot.loader.timeout", boot.timeout, source)]),
  ];
}

function carryGrub(grub: Boot["grub"], source: string): Setting[] {
  const on = (name: string, value: boolean) =>
    value ? [override(`boot.loader.grub.${name}`, true, source)] : [];
  // NixOS derives a mirroredBoots entry from devices; the others are the owner's.
  const own = new Set(grub.devices);
  const mirrored = grub.mirroredBoots.filter(({ devices }) =>
    own.size === 0 || new Set(devices).symmetricDifference(own).size > 0
  );
  return [
    ...(mirrored.length > 0
      ? [(own.size > 0 ? merge : override)(
        "boot.loader.grub.mirroredBoots",
        mirrored.map(({ path, efiSysMountPoint, devices }) => ({
          path,
          devices,
          efiSysMountPoint: efiSysMountPoint ?? undefined,
        })),
        source,
      )]
      : []),
    ...(mirrored.length === 0 || own.size > 0
      ? [override("boot.loader.grub.devices", grub.devices, source)]
      : []),
    override("boot.loader.grub.efiSupport", grub.efiSupport, source),
    ...on("efiInstallAsRemovable", grub.efiInstallAsRemovable),
    ...on("zfsSupport", grub.zfsSupport),
    ...on("useOSProber", grub.useOSProber),
    ...on("enableCryptodisk", grub.enableCryptodisk),
    ...(grub.configurationLimit === null
      ? []
      : [override("boot.loader.grub.configurationLimit", grub.configurationLimit, source)]),
  ];
}

/** Kernel parameters, modules and file systems that the owner asked for, beside the hardware file. */
export function carryKernel(
  boot: Boot,
  hardware: HardwareFile,
  source: string,
  layout: TreeLayout = "native",
): Setting[] {
  const ours = layout === "native" ? OURS : new Set<string>();
  const known = new Set([...ours, ...hardware.modules]);
  const list = (option: string, values: readonly string[]) =>
    values.length > 0 ? [merge(option, [...new Set(values)], source)] : [];
  return [
    ...list("boot.kernelParams", boot.kernelParams.filter((one) => !ours.has(one))),
    ...list("boot.kernelModules", boot.kernelModules.filter((one) => !known.has(one))),
    ...list(
      "boot.initrd.availableKernelModules",
      boot.initrdAvailableKernelModules.filter((one) => !known.has(one)),
    ),
    ...list(
      "boot.initrd.kernelModules",
      boot.initrdKernelModules.filter((one) => !known.has(one)),
    ),
    ...list(
      "boot.supportedFilesystems",
      boot.supportedFilesystems.filter((one) => !OWN_FILE_SYSTEMS.has(one)),
    ),
    ...list("boot.zfs.extraPools", boot.zfsExtraPools),
    ...(boot.swraid ? [override("boot.swraid.enable", true, source)] : []),
    ...(boot.initrdSystemd ? [override("boot.initrd.systemd.enable", true, source)] : []),
  ];
}

/**
 * Disks that the configuration declares outside hardware-configuration.nix (which stays, and may be
 * generated anew): file systems, encrypted devices, swap, and where hibernation resumes from.
 */
export function carryDisks(
  facts: ConfigurationFacts,
  hardware: HardwareFile,
  source: string,
): Setting[] {
  const { boot } = facts;
  /** Of what the hardware file has, only what something else says of it. */
  const at = (
    option: readonly string[],
    value: AttributeSet,
    only?: readonly string[],
  ): Setting[] =>
    membersOf(value).filter(([name]) => only?.includes(name) ?? true).map(([name, one]) => ({
      option: [...option, name],
      value: one,
      how: "override",
      source,
    }));
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
    ...(swap.length > 0
      ? [merge(
        "swapDevices",
        swap.map((one) => ({
          device: one.device,
          size: one.size ?? undefined,
          priority: one.priority ?? undefined,
          ...(one.randomEncryption ? { randomEncryption: { enable: true } } : {}),
        })),
        source,
      )]
      : []),
    ...(facts.zramSwap ? [override("zramSwap.enable", true, source)] : []),
    ...(boot.resumeDevice ? [override("boot.resumeDevice", boot.resumeDevice, source)] : []),
  ];
}
