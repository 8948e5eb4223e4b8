import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** Modules by which disks are reached; those of keyboards and clocks keep nothing from booting. */
const STORAGE =
  /^(ahci|ata_|pata_|sata_|nvme|sd_mod|sr_mod|.*scsi|.*_blk|virtio|vm[dw]|xen_|hv_|mpt|megaraid|hpsa|aacraid|smartpqi|cciss|isci|mmc_|sdhci|uas|usb_storage|dm_|md_|raid|btrfs|bcache|xfs|ext4|zfs|nfs)/;

/**
 * Whether the machine will start what is activated: a boot loader is installed, the initial ramdisk has
 * the key files of encrypted devices and the drivers of the disks in use. Pure.
 */
export function proveBoot({ before, after, now }: ProofQuestion): Verdict[] {
  return [
    ...proveLoader(before, after),
    ...proveKeyFiles(before, after),
    ...proveDrivers(before, after, now.loadedModules ?? []),
  ];
}

/**
 * NixOS only warns when it has no boot loader to install: the machine would start the old system. One
 * that has none now is started some other way (WSL, a firmware that loads the kernel).
 */
function proveLoader(before: ConfigurationFacts | undefined, after: ConfigurationFacts): Verdict[] {
  const { loader, isContainer } = after.boot;
  const now = before?.boot.loader ?? "";
  if (loader === undefined || isContainer || loader === "" && now === "") return [];
  const what = "a boot loader starts the new system";
  return [
    loader !== "" ? holds("disk", what, loader) : fails(
      "disk",
      what,
      `none is installed, and ${now} would go on starting what runs now`,
      "boot.loader.systemd-boot.enable = true; (or the loader of your present configuration)",
    ),
  ];
}

function proveKeyFiles(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
): Verdict[] {
  const { luks, initrdSecrets, initrdSystemd } = after.boot;
  if (initrdSecrets === undefined || initrdSystemd) return [];
  return luks.flatMap(({ name, keyFile, fallbackToPassword }) => {
    if (keyFile === null || fallbackToPassword || keyFile.startsWith("/dev/")) return [];
    const what = `the key file of the encrypted device ${name} is there at boot`;
    if (initrdSecrets.includes(keyFile)) return [holds("disk", what, "boot.initrd.secrets has it")];
    const then = before?.boot;
    const same = then?.luks.some((one) => one.name === name && one.keyFile === keyFile) &&
      then.initrdSecrets?.includes(keyFile) === false;
    return [
      same ? holds("disk", what, "it is found as before") : fails(
        "disk",
        what,
        `boot.initrd.secrets does not have ${keyFile}`,
        `boot.initrd.secrets."${keyFile}" = null;`,
      ),
    ];
  });
}

function proveDrivers(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  loaded: readonly string[],
): Verdict[] {
  const plain = (names: readonly string[] | undefined) =>
    new Set(names?.map((name) => name.replaceAll("-", "_")));
  const stays = plain(after.boot.initrdModules);
  if (before === undefined || stays.size === 0) return [];
  const lost = plain(before.boot.initrdModules).difference(stays).intersection(plain(loaded));
  const drivers = [...lost].filter((name) => STORAGE.test(name));
  const packages = (before.boot.extraModulePackages ?? [])
    .filter((name) => !after.boot.extraModulePackages?.includes(name));
  return [
    ...(drivers.length === 0 ? [] : [fails(
      "disk",
      "the initial ramdisk has the drivers of the disks",
      `${drivers.join(", ")} would be missing, and is in use now`,
      `boot.initrd.availableKernelModules = [ ${drivers.map((name) => `"${name}"`).join(" ")} ];`,
    )]),
    ...(packages.length === 0 ? [] : [fails(
      "disk",
      "the drivers that are built for this machine stay",
      `${packages.join(", ")} would be missing`,
      "boot.extraModulePackages, as in your present configuration",
    )]),
  ];
}
