/**
 * A desktop PC somebody installed from the graphical ISO: UEFI with systemd-boot, channel-based, two
 * people, DHCP through NetworkManager.
 */
import { hashes, person, publicKey, superuser } from "./accounts.ts";
import {
  CONFIGURATION_HEAD,
  hardwareConfiguration,
  sshdConfig,
  STATE_VERSION_COMMENT,
} from "./configurations.ts";
import type { MachineDescription, MachineMount } from "./description.ts";

const INTEL_FLAGS =
  "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht " +
  "syscall nx pdpe1gb rdtscp lm constant_tsc pni pclmulqdq vmx smx est tm2 ssse3 fma cx16 sse4_1 sse4_2 " +
  "x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor_none ept vpid avx2 bmi2 rdseed";

const mounts: readonly MachineMount[] = [
  {
    mountPoint: "/",
    device: "nvme0n1p2",
    uuid: "5f6a2c1e-9d0b-4c55-8b8e-0f3c6f1d7a21",
    fsType: "ext4",
    options: "rw,relatime",
  },
  {
    mountPoint: "/boot",
    device: "nvme0n1p1",
    uuid: "7A3C-19F2",
    fsType: "vfat",
    options: "rw,relatime,fmask=0077,dmask=0077,codepage=437,iocharset=iso8859-1,shortname=mixed",
  },
];
const SWAP_UUID = "c2a4a9a6-6a2f-4d0c-9a3a-3d9c0a1f2b77";

export const uefi: MachineDescription = {
  kind: "uefi",
  hostName: "workbench",
  nixosVersion: "24.05.20240815.883180e",
  stateVersion: "23.11",
  timeZone: "Europe/Berlin",
  locale: "en_US.UTF-8",
  extraLocale: {
    LC_ADDRESS: "de_DE.UTF-8",
    LC_IDENTIFICATION: "de_DE.UTF-8",
    LC_MEASUREMENT: "de_DE.UTF-8",
    LC_MONETARY: "de_DE.UTF-8",
    LC_NAME: "de_DE.UTF-8",
    LC_NUMERIC: "de_DE.UTF-8",
    LC_PAPER: "de_DE.UTF-8",
    LC_TELEPHONE: "de_DE.UTF-8",
    LC_TIME: "de_DE.UTF-8",
  },
  keyMap: "de",
  font: null,
  accounts: [
    superuser({ hash: hashes.locked }),
    person({
      name: "alice",
      uid: 1000,
      gecos: "Alice Example",
      groups: ["wheel", "networkmanager", "audio"],
      keys: [publicKey("alice@laptop")],
      declaredKeys: [publicKey("alice@workbench")],
    }),
    person({
      name: "bob",
      uid: 1001,
      gecos: "Bob Builder",
      hash: hashes.sha512,
      groups: ["networkmanager", "printers"],
      declared: false,
    }),
  ],
  groups: [{ name: "networkmanager", gid: 57 }, { name: "printers", gid: 1500 }],
  hardware: {
    cpu: {
      vendor: "GenuineIntel",
      model: "12th Gen Intel(R) Core(TM) i5-12400",
      count: 4,
      flags: INTEL_FLAGS,
    },
    memoryKiB: 32_768_000,
    uefi: true,
    iommu: true,
    dmi: { vendor: "ASUS", product: "PRIME B660M-A D4", chassis: 3 },
    pci: [
      { address: "0000:00:00.0", class: "060000", vendor: "8086", device: "4650", iommuGroup: 0 },
      {
        address: "0000:00:02.0",
        class: "030000",
        vendor: "8086",
        device: "4692",
        driver: "i915",
        iommuGroup: 1,
        bootVga: true,
      },
      {
        address: "0000:01:00.0",
        class: "030000",
        vendor: "10de",
        device: "2504",
        driver: "nouveau",
        iommuGroup: 2,
      },
      {
        address: "0000:01:00.1",
        class: "040300",
        vendor: "10de",
        device: "228e",
        driver: "snd_hda_intel",
        iommuGroup: 2,
      },
      {
        address: "0000:02:00.0",
        class: "010802",
        vendor: "144d",
        device: "a80a",
        driver: "nvme",
        iommuGroup: 3,
      },
      {
        address: "0000:03:00.0",
        class: "020000",
        vendor: "10ec",
        device: "8125",
        driver: "r8169",
        iommuGroup: 4,
      },
    ],
    disks: [{
      name: "nvme0n1",
      model: "Samsung SSD 980 PRO 1TB",
      bytes: 1_000_204_886_016,
      rotational: false,
      id: "nvme-Samsung_SSD_980_PRO_1TB_S5P2NG0R123456",
      controller: "pci0000:00/0000:02:00.0/nvme/nvme0",
      partitions: [
        {
          name: "nvme0n1p1",
          bytes: 536_870_912,
          uuid: "7A3C-19F2",
          partUuid: "0d3b4b6e-5d5b-4f0d-8a0a-2f6d2b7e3c01",
          label: "boot",
        },
        {
          name: "nvme0n1p2",
          bytes: 982_000_000_000,
          uuid: "5f6a2c1e-9d0b-4c55-8b8e-0f3c6f1d7a21",
          partUuid: "0d3b4b6e-5d5b-4f0d-8a0a-2f6d2b7e3c02",
          label: "nixos",
        },
        {
          name: "nvme0n1p3",
          bytes: 17_000_000_000,
          uuid: SWAP_UUID,
          partUuid: "0d3b4b6e-5d5b-4f0d-8a0a-2f6d2b7e3c03",
        },
      ],
    }],
    cards: [{
      name: "enp3s0",
      mac: "24:4b:fe:12:34:56",
      driver: "r8169",
      pci: "0000:03:00.0",
      up: true,
      speed: 1000,
      ipv4: ["192.168.178.42/24"],
      ipv6: ["fe80::264b:feff:fe12:3456/64"],
    }],
    gateway4: "192.168.178.1",
    gateway6: null,
  },
  mounts,
  luks: [],
  swap: [{ device: "/dev/nvme0n1p3", uuid: SWAP_UUID, kiB: 16_601_560 }],
  resumeDevice: null,
  kernelParams:
    "initrd=\\EFI\\nixos\\initrd-linux-6.6.45-initrd.efi init=/nix/store/0000000000000000000000000000000a-nixos-system/init loglevel=4",
  boot: { loader: "systemd-boot", device: null },
  nameServers: ["192.168.178.1"],
  sshdConfig: sshdConfig({ port: 22, permitRootLogin: "prohibit-password", passwords: true }),
  sshPort: 22,
  generation: 41,
  channel: true,
  nixos: {
    "hardware-configuration.nix": hardwareConfiguration({
      mounts,
      available: ["xhci_pci", "ahci", "nvme", "usbhid", "usb_storage", "sd_mod"],
      modules: ["kvm-intel"],
      swap: [`/dev/disk/by-uuid/${SWAP_UUID}`],
      cpu: "intel",
      cards: ["enp3s0"],
    }),
    "configuration.nix": `${CONFIGURATION_HEAD}
{ config, pkgs, ... }:

{
  imports =
    [ # Include the results of the hardware scan.
      ./hardware-configuration.nix
    ];

  # Bootloader.
  boot.loader.systemd-boot.enable = true;
  boot.loader.efi.canTouchEfiVariables = true;

  networking.hostName = "workbench"; # Define your hostname.
  # networking.wireless.enable = true;  # Enables wireless support via wpa_supplicant.

  # Enable networking
  networking.networkmanager.enable = true;

  # Set your time zone.
  time.timeZone = "Europe/Berlin";

  # Select internationalisation properties.
  i18n.defaultLocale = "en_US.UTF-8";

  i18n.extraLocaleSettings = {
    LC_ADDRESS = "de_DE.UTF-8";
    LC_IDENTIFICATION = "de_DE.UTF-8";
    LC_MEASUREMENT = "de_DE.UTF-8";
    LC_MONETARY = "de_DE.UTF-8";
    LC_NAME = "de_DE.UTF-8";
    LC_NUMERIC = "de_DE.UTF-8";
    LC_PAPER = "de_DE.UTF-8";
    LC_TELEPHONE = "de_DE.UTF-8";
    LC_TIME = "de_DE.UTF-8";
  };

  # Configure console keymap
  console.keyMap = "de";

  users.groups.printers.gid = 1500;

  # Define a user account. Don't forget to set a password with ‘passwd’.
  users.users.alice = {
    isNormalUser = true;
    description = "Alice Example";
    extraGroups = [ "networkmanager" "wheel" "audio" ];
    openssh.authorizedKeys.keys = [
      "${publicKey("alice@workbench")}"
    ];
  };

  # List services that you want to enable:

  # Enable the OpenSSH daemon.
  services.openssh.enable = true;

  # Open ports in the firewall.
  networking.firewall.allowedTCPPorts = [ 8080 ];
  # networking.firewall.allowedUDPPorts = [ ... ];

${STATE_VERSION_COMMENT}  system.stateVersion = "23.11"; # Did you read the comment?
}
`,
  },
};
