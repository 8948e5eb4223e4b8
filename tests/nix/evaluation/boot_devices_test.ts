import { deepEqual, equal } from "node:assert/strict";
import {
  bootDevices,
  isMountedEarly,
  otherFileSystems,
} from "../../../lib/nix/evaluation/boot_devices.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { configurationFacts, luksDevice } from "../../support/facts.ts";

const mount = (
  mountPoint: string,
  device: string | null,
  fsType = "ext4",
  ...options: string[]
): ConfigurationFacts["fileSystems"][number] => ({
  mountPoint,
  device,
  fsType,
  options,
  neededForBoot: false,
});

const facts = configurationFacts((f) => {
  f.boot.luks = [luksDevice("crypt", "/dev/disk/by-uuid/luks")];
  f.boot.systemdBoot.enable = true;
  f.boot.efi.efiSysMountPoint = "/efi";
  f.boot.resumeDevice = "/dev/swap";
  f.swapDevices = [{ device: "/dev/swap", size: null, priority: null, randomEncryption: false }];
  f.fileSystems = [
    mount("/", "/dev/mapper/crypt"),
    mount("/nix", "none", "tmpfs"),
    mount("/var", "/dev/var", "ext4", "bind"),
    mount("/efi", "/dev/esp", "vfat"),
    mount("/srv", "/dev/srv"),
    mount("/usb", "/dev/usb", "ext4", "nofail"),
    mount("/pool", "tank/data", "zfs"),
  ];
});

Deno.test("bootDevices() has what a start stands on, and not what may be absent", () => {
  deepEqual(bootDevices(facts).map(({ device }) => device), [
    "/dev/disk/by-uuid/luks",
    "/dev/mapper/crypt",
    "/dev/esp",
    "/dev/swap",
    "/dev/swap",
  ]);
});

Deno.test("bootDevices() has GRUB's disks once each, of mirrors too, and no nodev", () => {
  const grub = configurationFacts((f) => {
    f.fileSystems = [];
    Object.assign(f.boot.grub, {
      enable: true,
      devices: ["nodev", "/dev/sda"],
      mirroredBoots: [{ path: "/boot2", devices: ["/dev/sda", "/dev/sdb"] }],
    });
  });
  deepEqual(bootDevices(grub).map(({ device }) => device), ["/dev/sda", "/dev/sdb"]);
});

Deno.test("otherFileSystems() has those that a start waits for all the same", () => {
  deepEqual(otherFileSystems(facts).map(({ mountPoint }) => mountPoint), ["/srv"]);
});

Deno.test("isMountedEarly() is what NixOS mounts before it makes accounts", () => {
  equal(isMountedEarly({ mountPoint: "/var/lib", neededForBoot: false }), true);
  equal(isMountedEarly({ mountPoint: "/home", neededForBoot: false }), false);
  equal(isMountedEarly({ mountPoint: "/persist", neededForBoot: true }), true);
});
