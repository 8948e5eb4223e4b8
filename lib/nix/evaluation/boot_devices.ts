import type { ConfigurationFacts } from "./configuration_facts.ts";

/** File systems that NixOS mounts before anything else runs (nixos/lib/utils.nix). */
const NEEDED = new Set([
  "/",
  "/boot",
  "/etc",
  "/nix",
  "/nix/store",
  "/usr",
  "/var",
  "/var/lib",
  "/var/lib/nixos",
  "/var/log",
]);
/** Mounted without a device. */
const VIRTUAL =
  /^(tmpfs|ramfs|overlay|proc|sysfs|devtmpfs|devpts|nfs4?|cifs|9p|virtiofs|zfs|fuse\..*)$/;

type FileSystem = ConfigurationFacts["fileSystems"][number];

/** Whether a file system is mounted before accounts are made and services start. */
export function isMountedEarly(
  { mountPoint, neededForBoot }: Pick<FileSystem, "mountPoint" | "neededForBoot">,
): boolean {
  return neededForBoot || NEEDED.has(mountPoint);
}

/** A device without which a configuration does not boot, or not as before. */
export interface BootDevice {
  /** As the configuration names it. */
  readonly device: string;
  /** What it is for: `the file system of /boot`. */
  readonly role: string;
  /** The option that names it. */
  readonly option: string;
}

/**
 * What an evaluated configuration boots from: LUKS devices, root, /boot and the other file systems
 * needed for boot, swap and the resume device, GRUB's disks.
 */
export function bootDevices(facts: ConfigurationFacts): BootDevice[] {
  const { boot } = facts;
  const efi = boot.systemdBoot.enable || boot.grub.enable && boot.grub.efiSupport;
  return [
    ...boot.luks.map(({ name, device }) => ({
      device,
      role: `the encrypted device ${name}`,
      option: `boot.initrd.luks.devices."${name}".device`,
    })),
    ...facts.fileSystems.filter((one) =>
      !VIRTUAL.test(one.fsType) &&
      (isMountedEarly(one) || efi && one.mountPoint === boot.efi.efiSysMountPoint)
    ).flatMap(({ mountPoint, device, options }) =>
      device === null || options.includes("bind") || options.includes("nofail") ? [] : [{
        device,
        role: `the file system of ${mountPoint}`,
        option: `fileSystems."${mountPoint}".device`,
      }]
    ),
    ...facts.swapDevices.map(({ device }) => ({
      device,
      role: "swap",
      option: "swapDevices.*.device",
    })),
    ...(boot.resumeDevice === "" ? [] : [{
      device: boot.resumeDevice,
      role: "the device to resume from",
      option: "boot.resumeDevice",
    }]),
    ...(boot.grub.enable ? grubDisks(boot.grub) : []).map(
      (device) => ({ device, role: "GRUB's disk", option: "boot.loader.grub.device" }),
    ),
  ];
}

function grubDisks({ devices, mirroredBoots }: ConfigurationFacts["boot"]["grub"]): string[] {
  const all = [...devices, ...mirroredBoots.flatMap((mirror) => mirror.devices)];
  return [...new Set(all)].filter((device) => device !== "nodev");
}

/**
 * File systems that are mounted at boot beside those of {@link bootDevices}: without `nofail` a start
 * that does not find one ends in the emergency shell (systemd.special(7), local-fs.target).
 */
export function otherFileSystems(
  facts: ConfigurationFacts,
): (BootDevice & { readonly mountPoint: string })[] {
  const boot = new Set(bootDevices(facts).map(({ option }) => option));
  const optional = ["bind", "nofail", "noauto", "_netdev", "x-systemd.automount"];
  return facts.fileSystems.flatMap(({ mountPoint, device, fsType, options }) => {
    const option = `fileSystems."${mountPoint}".device`;
    const skipped = device === null || VIRTUAL.test(fsType) || boot.has(option) ||
      options.some((one) => optional.includes(one));
    return skipped ? [] : [{
      mountPoint,
      device,
      role: `the file system of ${mountPoint} (which has no "nofail")`,
      option,
    }];
  });
}
