import type { Context } from "../context.ts";
import { machineFolder, machineHas, machineText } from "../files/machine_files.ts";
import { type Mount, mountOf } from "./mounts.ts";

/** What starts the machine's kernel, as far as its files tell. */
export interface BootFiles {
  /** Boot loaders whose files were found; more than one when an old one was left behind. */
  readonly loaders: readonly BootLoader[];
  /**
   * Where file systems are mounted that are, or by their place must be, an EFI system partition; first the
   * one that a boot loader of NixOS is on.
   */
  readonly esps: readonly string[];
}

/** The boot loaders of NixOS that are known here. */
export type BootLoader = "systemd-boot" | "grub" | "extlinux";

/** Where distributions mount the EFI system partition. */
const ESP_FOLDERS = ["/boot", "/boot/efi", "/efi"];
/** GPT's type of the EFI system partition (UEFI 5.3.3) and MBR's. */
const ESP_TYPES = new Set(["c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "0xef"]);

/** Looks at /boot and the EFI system partition of the machine under management. */
export function readBootFiles(ctx: Context, mounts: readonly Mount[]): BootFiles {
  const isEsp = ({ fsType, device, mountPoint }: Mount) =>
    fsType === "vfat" &&
    (partitionIsEsp(ctx, device) ??
      (ESP_FOLDERS.includes(mountPoint) || hasEfiFolder(ctx, mountPoint)));
  const esps = mounts.filter(isEsp).map(({ mountPoint }) => mountPoint)
    .sort((one, other) => Number(hasOurLoader(ctx, other)) - Number(hasOurLoader(ctx, one)));
  const folders = [...new Set([...ESP_FOLDERS, ...esps])];
  const some = (...paths: string[]) =>
    folders.some((folder) => paths.some((path) => machineHas(ctx, folder + path)));
  const loaders: BootLoader[] = [];
  if (some("/loader/loader.conf") && some("/EFI/systemd")) loaders.push("systemd-boot");
  if (some("/grub/grub.cfg", "/grub2/grub.cfg")) loaders.push("grub");
  if (some("/extlinux/extlinux.conf")) loaders.push("extlinux");
  return { loaders, esps };
}

/**
 * Where the boot loader keeps kernels: the ESP or the partition beside it that it has for them, or /boot where that is not the store's file system;
 * undefined where it reads them from the store.
 */
export function kernelFolder(ctx: Context, mounts: readonly Mount[]): string | undefined {
  const { loaders, esps } = readBootFiles(ctx, mounts);
  if (loaders.includes("systemd-boot")) {
    return [...esps, ...ESP_FOLDERS].find((one) => machineHas(ctx, `${one}/EFI/nixos`)) ?? esps[0];
  }
  const [boot, store] = [mountOf(mounts, "/boot"), mountOf(mounts, "/nix/store")];
  return boot !== undefined && boot.source !== store?.source ? "/boot" : undefined;
}

function hasEfiFolder(ctx: Context, folder: string): boolean {
  return machineFolder(ctx, folder).some((name) => name.toUpperCase() === "EFI");
}

/** Folders in which NixOS's systemd-boot and GRUB are; that one's is named after the mount point. */
function hasOurLoader(ctx: Context, esp: string): boolean {
  return machineFolder(ctx, `${esp}/EFI`).some((name) => /^(systemd$|nixos-)/i.test(name));
}

/** What udev's database (/run/udev/data) says of a block device's partition type. */
function partitionIsEsp(ctx: Context, device: string): boolean | undefined {
  const record = machineText(ctx, `/run/udev/data/b${device}`) ?? "";
  const type = /^E:ID_PART_ENTRY_TYPE=(.+)$/m.exec(record)?.[1];
  return type === undefined ? undefined : ESP_TYPES.has(type.toLowerCase());
}
