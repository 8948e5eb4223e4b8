import assert from "node:assert/strict";
import { carryBootLoader, carryDisks, carryKernel } from "../../../lib/install/carry/carry_boot.ts";
import { NO_HARDWARE_FILE } from "../../../lib/install/carry/hardware_file.ts";
import { optionPath, type Setting } from "../../../lib/install/carry/setting.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { configurationFacts, luksDevice } from "../../support/facts.ts";

/** Each option with how and what, by its name; no option twice. */
function carried(settings: readonly Setting[]): Record<string, unknown> {
  const names = settings.map(optionPath);
  assert.deepEqual(names, [...new Set(names)]);
  return Object.fromEntries(
    settings.map((one) => [optionPath(one), one.how === "merge" ? ["+", one.value] : one.value]),
  );
}

function bootWith(change: (boot: ConfigurationFacts["boot"]) => void): ConfigurationFacts["boot"] {
  return configurationFacts(({ boot }) => {
    boot.systemdBoot.enable = false;
    boot.grub.enable = false;
    change(boot);
  }).boot;
}

Deno.test("carryBootLoader() installs the same loader to the same places, and no other", () => {
  const mirror = (path: string, devices: string[], efiSysMountPoint: string | null = null) => ({
    path,
    devices,
    efiSysMountPoint,
  });
  const cases: [
    name: string,
    change: (boot: ConfigurationFacts["boot"]) => void,
    expected: Record<string, unknown>,
  ][] = [
    ["systemd-boot at a place of its own", (boot) => {
      boot.systemdBoot = { enable: true, configurationLimit: 5 };
      boot.efi = { canTouchEfiVariables: false, efiSysMountPoint: "/efi" };
      boot.timeout = 3;
    }, {
      "boot.loader.systemd-boot.enable": true,
      "boot.loader.systemd-boot.configurationLimit": 5,
      "boot.loader.grub.enable": false,
      "boot.loader.efi.canTouchEfiVariables": false,
      "boot.loader.efi.efiSysMountPoint": "/efi",
      "boot.loader.timeout": 3,
    }],
    ["GRUB of a BIOS on two disks", (boot) => {
      Object.assign(boot.grub, { enable: true, devices: ["/dev/sda", "/dev/sdb"] });
      boot.grub.mirroredBoots = [mirror("/boot", ["/dev/sdb", "/dev/sda"])];
    }, {
      "boot.loader.systemd-boot.enable": false,
      "boot.loader.grub.enable": true,
      "boot.loader.grub.devices": ["/dev/sda", "/dev/sdb"],
      "boot.loader.grub.efiSupport": false,
    }],
    ["GRUB mirrored over two EFI system partitions", (boot) => {
      Object.assign(boot.grub, { enable: true, devices: [], efiSupport: true, zfsSupport: true });
      boot.grub.mirroredBoots = [
        mirror("/boot1", ["nodev"], "/boot1/efi"),
        mirror("/boot2", ["nodev"], "/boot2/efi"),
      ];
      boot.efi = { canTouchEfiVariables: true, efiSysMountPoint: "/boot" };
    }, {
      "boot.loader.systemd-boot.enable": false,
      "boot.loader.grub.enable": true,
      "boot.loader.grub.mirroredBoots": [
        { path: "/boot1", devices: ["nodev"], efiSysMountPoint: "/boot1/efi" },
        { path: "/boot2", devices: ["nodev"], efiSysMountPoint: "/boot2/efi" },
      ],
      "boot.loader.grub.efiSupport": true,
      "boot.loader.grub.zfsSupport": true,
      "boot.loader.efi.canTouchEfiVariables": true,
      "boot.loader.efi.efiSysMountPoint": "/boot",
    }],
    ["GRUB with a device, and a further mirror of the owner's", (boot) => {
      Object.assign(boot.grub, { enable: true, devices: ["/dev/sda"], enableCryptodisk: true });
      boot.grub.mirroredBoots = [
        mirror("/boot", ["/dev/sda"]),
        mirror("/boot-fallback", ["/dev/sdb"]),
      ];
    }, {
      "boot.loader.systemd-boot.enable": false,
      "boot.loader.grub.enable": true,
      "boot.loader.grub.mirroredBoots": ["+", [
        { path: "/boot-fallback", devices: ["/dev/sdb"], efiSysMountPoint: undefined },
      ]],
      "boot.loader.grub.devices": ["/dev/sda"],
      "boot.loader.grub.efiSupport": false,
      "boot.loader.grub.enableCryptodisk": true,
    }],
    // Menus that wait for a key, and menus that are never shown.
    ["no waiting at all", (boot) => {
      boot.extlinux = true;
      boot.timeout = 0;
    }, {
      "boot.loader.systemd-boot.enable": false,
      "boot.loader.grub.enable": false,
      "boot.loader.generic-extlinux-compatible.enable": true,
      "boot.loader.timeout": 0,
    }],
  ];
  for (const [name, change, expected] of cases) {
    const boot = bootWith((boot) => {
      boot.timeout = null;
      change(boot);
    });
    const found = carried(carryBootLoader(boot));
    if (boot.timeout === null) delete found["boot.loader.timeout"];
    assert.deepEqual(found, expected, name);
  }
});

Deno.test("carryKernel() carries what the next boot needs, beside what is said already", () => {
  const boot = bootWith((boot) => {
    boot.kernelParams = [
      "intel_iommu=on",
      "console=ttyS0,115200n8",
      "resume_offset=1",
      "nomodeset",
    ];
    boot.kernelModules = ["kvm-intel", "wireguard", "wireguard"];
    boot.initrdAvailableKernelModules = ["nvme", "megaraid_sas"];
    boot.initrdKernelModules = ["dm-raid"];
    boot.supportedFilesystems = ["ext4", "zfs", "vfat", "bcachefs"];
    boot.zfsExtraPools = ["tank"];
    boot.swraid = true;
    boot.initrdSystemd = true;
  });
  const hardware = { ...NO_HARDWARE_FILE, modules: ["nvme"] };
  const common = {
    "boot.initrd.availableKernelModules": ["+", ["megaraid_sas"]],
    "boot.initrd.kernelModules": ["+", ["dm-raid"]],
    "boot.supportedFilesystems": ["+", ["zfs", "bcachefs"]],
    "boot.zfs.extraPools": ["+", ["tank"]],
    "boot.swraid.enable": true,
    "boot.initrd.systemd.enable": true,
  };
  const params = ["console=ttyS0,115200n8", "resume_offset=1", "nomodeset"];
  assert.deepEqual(carried(carryKernel(boot, hardware, "native")), {
    "boot.kernelParams": ["+", params],
    "boot.kernelModules": ["+", ["wireguard"]],
    ...common,
  });
  // A published tree sets none of it by itself.
  assert.deepEqual(carried(carryKernel(boot, hardware, "published")), {
    "boot.kernelParams": ["+", ["intel_iommu=on", ...params]],
    "boot.kernelModules": ["+", ["kvm-intel", "wireguard"]],
    ...common,
  });
});

Deno.test("carryDisks() carries every disk that the hardware file does not declare", () => {
  const fileSystem = (
    mountPoint: string,
    device: string | null,
    fsType: string,
    options: string[],
  ) => ({
    mountPoint,
    device,
    fsType,
    options,
    neededForBoot: false,
    saidElsewhere: [],
  });
  const facts = configurationFacts((f) => {
    f.fileSystems = [
      fileSystem("/", "/dev/mapper/root", "ext4", ["defaults"]),
      {
        ...fileSystem("/srv/data set", "tank/data", "zfs", ["zfsutil", "nofail"]),
        further: { depends: ["/srv"], noCheck: true },
      },
      fileSystem("/var/lib/a.b", "/dev/disk/by-label/b", "btrfs", [
        "subvol=@b",
        "x-systemd.automount",
      ]),
    ];
    f.boot.luks = [
      { ...luksDevice("root", "/dev/sda2"), saidElsewhere: [] },
      {
        ...luksDevice("data.1", "/dev/sdb1", "/root/key"),
        header: "/boot/header",
        preLVM: false,
        further: { keyFileSize: 4096, fido2: { credential: "abc" } },
      },
    ];
    const swap = { size: null, priority: null, randomEncryption: false };
    f.swapDevices = [
      { ...swap, device: "/dev/sda3" },
      { ...swap, device: "/swapfile", size: 4096, priority: 0 },
      { ...swap, device: "/dev/sdc1", randomEncryption: true },
      {
        ...swap,
        device: "/dev/mapper/swap",
        further: {
          discardPolicy: "once",
          options: ["nofail"],
          encrypted: { enable: true, blkDev: "/dev/sdd1", label: "swap", keyFile: null },
        },
      },
      {
        ...swap,
        device: "/dev/sde1",
        randomEncryption: true,
        further: { randomEncryption: { enable: true, source: "/dev/random", keySize: null } },
      },
    ];
    f.zramSwap = true;
    f.boot.resumeDevice = "/dev/mapper/root";
  });
  const hardware = { ...NO_HARDWARE_FILE, fileSystems: ["/"], luks: ["root"], swap: ["/dev/sda3"] };
  const found = carried(carryDisks(facts, hardware));
  // What is undefined is not printed.
  assert.deepEqual(JSON.parse(JSON.stringify(found)), {
    'fileSystems."/srv/data set".device': "tank/data",
    'fileSystems."/srv/data set".fsType': "zfs",
    'fileSystems."/srv/data set".options': ["zfsutil", "nofail"],
    'fileSystems."/srv/data set".depends': ["/srv"],
    'fileSystems."/srv/data set".noCheck': true,
    'fileSystems."/var/lib/a.b".device': "/dev/disk/by-label/b",
    'fileSystems."/var/lib/a.b".fsType': "btrfs",
    'fileSystems."/var/lib/a.b".options': ["subvol=@b", "x-systemd.automount"],
    'boot.initrd.luks.devices."data.1".device': "/dev/sdb1",
    'boot.initrd.luks.devices."data.1".keyFile': "/root/key",
    'boot.initrd.luks.devices."data.1".header': "/boot/header",
    'boot.initrd.luks.devices."data.1".preLVM': false,
    'boot.initrd.luks.devices."data.1".keyFileSize': 4096,
    'boot.initrd.luks.devices."data.1".fido2': { credential: "abc" },
    swapDevices: ["+", [
      { device: "/swapfile", size: 4096, priority: 0 },
      { device: "/dev/sdc1", randomEncryption: { enable: true } },
      {
        device: "/dev/mapper/swap",
        discardPolicy: "once",
        options: ["nofail"],
        encrypted: { enable: true, blkDev: "/dev/sdd1", label: "swap" },
      },
      { device: "/dev/sde1", randomEncryption: { enable: true, source: "/dev/random" } },
    ]],
    "zramSwap.enable": true,
    "boot.resumeDevice": "/dev/mapper/root",
  });
});
