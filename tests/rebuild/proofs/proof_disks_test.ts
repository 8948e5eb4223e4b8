import { deepEqual, match } from "node:assert/strict";
import type { DevicePresence } from "../../../lib/machine/hardware/device_names.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { proveDisks } from "../../../lib/rebuild/proofs/proof_disks.ts";
import { refusals } from "../../../lib/rebuild/proofs/verdict.ts";
import { configurationFacts, luksDevice, question, rentedServerNow } from "../../support/facts.ts";

/** A machine with an encrypted root, an ESP and swap, on UEFI. */
function encrypted(change: (facts: ConfigurationFacts) => void = () => {}): ConfigurationFacts {
  return configurationFacts((f) => {
    const mount = (mountPoint: string, device: string, fsType: string) => ({
      mountPoint,
      device,
      fsType,
      options: [],
      neededForBoot: false,
    });
    f.boot.systemdBoot.enable = true;
    f.boot.luks = [luksDevice("cryptroot", "/dev/disk/by-uuid/luks")];
    f.fileSystems = [
      mount("/", "/dev/mapper/cryptroot", "ext4"),
      mount("/boot", "/dev/disk/by-uuid/esp", "vfat"),
      mount("/tmp", "tmpfs", "tmpfs"),
      mount("/srv/photos", "/dev/disk/by-uuid/usb", "ext4"),
    ];
    f.swapDevices = [{
      device: "/dev/disk/by-uuid/swap",
      size: null,
      priority: null,
      randomEncryption: false,
    }];
    f.boot.resumeDevice = "/dev/disk/by-uuid/swap";
    change(f);
  });
}

/** What is not there of what a configuration boots from. */
function missing(facts: ConfigurationFacts, presence: (device: string) => DevicePresence) {
  const disks = { ...rentedServerNow().disks, presence };
  return refusals(proveDisks(question(undefined, facts, { disks })));
}

function withDevices(...present: string[]) {
  return (device: string): DevicePresence =>
    present.includes(device)
      ? "present"
      : device.startsWith("/dev/mapper/")
      ? "unknown"
      : device.startsWith("/dev/")
      ? "absent"
      : "not a device";
}

const uuid = (name: string) => `/dev/disk/by-uuid/${name}`;

Deno.test("proveDisks() accepts a machine that has what it boots from", () => {
  const presence = withDevices(uuid("luks"), uuid("esp"), uuid("swap"));
  deepEqual(missing(encrypted(), presence), []);
});

for (
  const [gone, option] of [
    ["luks", /boot\.initrd\.luks\.devices\."cryptroot"\.device/],
    ["esp", /fileSystems\."\/boot"\.device/],
    ["swap", /swapDevices|resumeDevice/],
  ] as const
) {
  Deno.test(`proveDisks() refuses a machine without its ${gone} device`, () => {
    const there = ["luks", "esp", "swap"].filter((name) => name !== gone).map(uuid);
    const found = missing(encrypted(), withDevices(...there));
    match(found.map(({ why }) => why).join(), new RegExp(`there is no ${uuid(gone)}`));
    match(found.map(({ remedy }) => remedy).join(), option);
  });
}

Deno.test("proveDisks() refuses a configuration without a root file system", () => {
  const facts = encrypted((f) => f.fileSystems = f.fileSystems.slice(1));
  const presence = withDevices(uuid("luks"), uuid("esp"), uuid("swap"));
  match(missing(facts, presence)[0]!.remedy!, /fileSystems\."\/"/);
});

Deno.test("proveDisks() looks at GRUB's disk, and not at nodev", () => {
  const grub = (...devices: string[]) =>
    configurationFacts((f) => Object.assign(f.boot.grub, { enable: true, devices }));
  const presence = withDevices("/dev/vda1");
  deepEqual(missing(grub("nodev"), presence), []);
  match(missing(grub("/dev/sda"), presence)[0]!.why, /there is no \/dev\/sda/);
});
