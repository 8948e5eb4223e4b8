/**
 * An older tower: BIOS with GRUB on /dev/sda, an encrypted root (LUKS), swap that hibernation resumes
 * from, console only, no SSH server.
 */
import { hashes, person, superuser } from "./accounts.ts";
import {
  CONFIGURATION_HEAD,
  hardwareConfiguration,
  STATE_VERSION_COMMENT,
} from "./configurations.ts";
import type { MachineDescription, MachineMount } from "./description.ts";

const LUKS_UUID = "e7a1c6a2-0c37-4a3e-a1a5-5f0d8c7b2e11";
const LUKS_NAME = `luks-${LUKS_UUID}`;
const SWAP_UUID = "1b6f0a54-2f9e-4b21-9c1e-7c0a4d5e6f33";

const mounts: readonly MachineMount[] = [
  {
    mountPoint: "/",
    device: "dm-0",
    uuid: "a0c9b8d7-1122-4344-9566-778899aabbcc",
    fsType: "ext4",
    options: "rw,relatime",
  },
  {
    mountPoint: "/boot",
    device: "sda1",
    uuid: "3c5d7e9f-0a1b-4c2d-8e3f-4a5b6c7d8e9f",
    fsType: "ext4",
    options: "rw,relatime",
  },
];

export const bios: MachineDescription = {
  kind: "bios",
  hostName: "tower",
  nixosVersion: "24.05.20240601.ad57eef",
  stateVersion: "22.05",
  timeZone: "America/New_York",
  locale: "de_DE.UTF-8",
  extraLocale: { LC_TIME: "en_DK.UTF-8" },
  keyMap: "us",
  font: "Lat2-Terminus16",
  accounts: [
    superuser({ hash: hashes.sha512 }),
    person({
      name: "carol",
      uid: 1000,
      gid: 1000,
      gecos: "Carol",
      groups: ["wheel", "dialout"],
    }),
  ],
  groups: [{ name: "carol", gid: 1000 }],
  hardware: {
    cpu: {
      vendor: "AuthenticAMD",
      model: "AMD Ryzen 5 2600 Six-Core Processor",
      count: 6,
      flags:
        "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht " +
        "syscall nx mmxext pdpe1gb rdtscp lm constant_tsc pni ssse3 fma cx16 sse4_1 sse4_2 popcnt aes xsave avx " +
        "svm extapic npt nrip_save avic",
    },
    memoryKiB: 16_384_000,
    uefi: false,
    iommu: false,
    dmi: { vendor: "Gigabyte Technology Co., Ltd.", product: "B450M DS3H", chassis: 3 },
    pci: [
      { address: "0000:00:00.0", class: "060000", vendor: "1022", device: "1450" },
      { address: "0000:00:17.0", class: "010601", vendor: "1022", device: "43c8", driver: "ahci" },
      {
        address: "0000:00:1f.0",
        class: "020000",
        vendor: "10ec",
        device: "8168",
        driver: "r8169",
      },
      {
        address: "0000:08:00.0",
        class: "030000",
        vendor: "1002",
        device: "67df",
        driver: "amdgpu",
        bootVga: true,
      },
    ],
    disks: [
      {
        name: "sda",
        model: "CT500MX500SSD1",
        bytes: 500_107_862_016,
        rotational: false,
        id: "ata-CT500MX500SSD1_1905E1E5D6AA",
        controller: "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0",
        partitions: [
          {
            name: "sda1",
            bytes: 1_073_741_824,
            uuid: "3c5d7e9f-0a1b-4c2d-8e3f-4a5b6c7d8e9f",
            partUuid: "9a8b7c6d-01",
          },
          { name: "sda2", bytes: 480_000_000_000, uuid: LUKS_UUID, partUuid: "9a8b7c6d-02" },
          { name: "sda3", bytes: 17_179_869_184, uuid: SWAP_UUID, partUuid: "9a8b7c6d-03" },
        ],
      },
      {
        name: "sdb",
        model: "WDC WD40EFRX-68N",
        bytes: 4_000_787_030_016,
        rotational: true,
        id: "ata-WDC_WD40EFRX-68N32N0_WD-WCC7K0123456",
        controller: "pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0",
        partitions: [],
      },
    ],
    cards: [{
      name: "enp0s31",
      mac: "b4:2e:99:aa:bb:cc",
      driver: "r8169",
      pci: "0000:00:1f.0",
      up: true,
      speed: 1000,
      ipv4: ["10.0.0.17/24"],
      ipv6: [],
    }],
    gateway4: "10.0.0.1",
    gateway6: null,
  },
  mounts,
  luks: [{ name: LUKS_NAME, device: "sda2", uuid: LUKS_UUID }],
  swap: [{ device: "/dev/sda3", uuid: SWAP_UUID, kiB: 16_777_212 }],
  resumeDevice: `/dev/disk/by-uuid/${SWAP_UUID}`,
  kernelParams:
    `BOOT_IMAGE=(hd0,msdos1)//kernels/linux-6.6.45-bzImage init=/nix/store/0000000000000000000000000000000b-nixos-system/init resume=/dev/disk/by-uuid/${SWAP_UUID} loglevel=4`,
  boot: { loader: "grub", device: "/dev/sda" },
  nameServers: ["10.0.0.1"],
  sshdConfig: null,
  sshPort: null,
  generation: 107,
  channel: true,
  nixos: {
    "hardware-configuration.nix": hardwareConfiguration({
      mounts,
      available: ["xhci_pci", "ahci", "usbhid", "sd_mod", "aesni_intel", "cryptd"],
      initrdModules: ["dm-snapshot"],
      modules: ["kvm-amd"],
      luks: { [LUKS_NAME]: `/dev/disk/by-uuid/${LUKS_UUID}` },
      swap: [`/dev/disk/by-uuid/${SWAP_UUID}`],
      cpu: "amd",
      cards: ["enp0s31"],
    }),
    "configuration.nix": `${CONFIGURATION_HEAD}
{ config, lib, pkgs, ... }:

{
  imports = [ ./hardware-configuration.nix ];

  # Use the GRUB 2 boot loader.
  boot.loader.grub.enable = true;
  boot.loader.grub.device = "/dev/sda"; # or "nodev" for efi only
  boot.loader.grub.configurationLimit = 20;

  # hibernation
  boot.resumeDevice = "/dev/disk/by-uuid/${SWAP_UUID}";

  networking.hostName = "tower";
  networking.useDHCP = false;
  networking.interfaces.enp0s31.useDHCP = true;

  time.timeZone = "America/New_York";
  i18n.defaultLocale = "de_DE.UTF-8";
  i18n.extraLocaleSettings = { LC_TIME = "en_DK.UTF-8"; };
  console = {
    font = "Lat2-Terminus16";
    keyMap = "us";
  };

  users.groups.carol.gid = 1000;
  users.users.carol = {
    isNormalUser = true;
    uid = 1000;
    group = "carol";
    description = "Carol";
    extraGroups = [ "wheel" "dialout" ];
  };

${STATE_VERSION_COMMENT}  system.stateVersion = "22.05";
}
`,
  },
};
