import type { DevicePresence } from "../machine/device_names.ts";
import type { ConfigurationFacts } from "../nix/configuration_facts.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

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
  "/var/log",
]);
/** Mounted without a device. */
const VIRTUAL =
  /^(tmpfs|ramfs|overlay|proc|sysfs|devtmpfs|devpts|nfs4?|cifs|9p|virtiofs|zfs|fuse\..*)$/;

/**
 * Whether what the evaluated configuration boots from is on this machine: root, /boot and the other
 * file systems needed for boot, LUKS devices, swap and the resume device, GRUB's disks.
 * @param presence asks the machine; a device that cannot be looked for is not held against it
 */
export function proveDisks(
  facts: ConfigurationFacts,
  presence: (device: string) => DevicePresence,
): Verdict[] {
  const devices = bootDevices(facts);
  const verdicts = devices.flatMap(({ device, role, option }) => {
    const found = presence(device);
    if (found === "not a device" || found === "unknown") return [];
    const what = `${role} is on this machine`;
    return [
      found === "present"
        ? holds("disk", what, device)
        : fails("disk", what, `there is no ${device}`, `${option} = "…"; (see lsblk -f)`),
    ];
  });
  if (facts.fileSystems.some(({ mountPoint }) => mountPoint === "/")) return verdicts;
  return [
    ...verdicts,
    fails("disk", "there is a root file system", "none is configured", 'fileSystems."/"'),
  ];
}

interface BootDevice {
  readonly device: string;
  readonly role: string;
  readonly option: string;
}

function bootDevices(facts: ConfigurationFacts): BootDevice[] {
  const { boot } = facts;
  const efi = boot.systemdBoot.enable || boot.grub.enable && boot.grub.efiSupport;
  return [
    ...boot.luks.map(({ name, device }) => ({
      device,
      role: `the encrypted device ${name}`,
      option: `boot.initrd.luks.devices."${name}".device`,
    })),
    ...facts.fileSystems.filter(({ mountPoint, neededForBoot, fsType }) =>
      !VIRTUAL.test(fsType) &&
      (neededForBoot || NEEDED.has(mountPoint) || efi && mountPoint === boot.efi.efiSysMountPoint)
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
    ...(boot.grub.enable ? boot.grub.devices : []).filter((device) => device !== "nodev").map(
      (device) => ({ device, role: "GRUB's disk", option: "boot.loader.grub.device" }),
    ),
  ];
}
