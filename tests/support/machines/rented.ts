/**
 * A rented virtual server: only root, only a key, sshd on another port, static addresses of both
 * families with gateways and DNS, a firewall, GRUB on /dev/vda. Nobody can walk to its console.
 */
import { hashes, publicKey, superuser } from "./accounts.ts";
import { hardwareConfiguration, sshdConfig } from "./configurations.ts";
import type { MachineDescription, MachineMount } from "./description.ts";

const mounts: readonly MachineMount[] = [{
  mountPoint: "/",
  device: "vda1",
  uuid: "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0",
  fsType: "ext4",
  options: "rw,relatime",
}];

export const rented: MachineDescription = {
  kind: "rented",
  hostName: "vps4711",
  nixosVersion: "24.05.20240710.a046c12",
  stateVersion: "23.05",
  timeZone: "UTC",
  locale: "en_US.UTF-8",
  extraLocale: {},
  keyMap: "us",
  font: null,
  accounts: [
    superuser({
      hash: hashes.locked,
      keys: [publicKey("old-admin@example.org")],
      declaredKeys: [publicKey("admin@example.org")],
    }),
  ],
  groups: [],
  hardware: {
    cpu: {
      vendor: "AuthenticAMD",
      model: "AMD EPYC-Milan Processor",
      count: 2,
      flags:
        "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 " +
        "syscall nx mmxext pdpe1gb rdtscp lm pni ssse3 fma cx16 sse4_1 sse4_2 popcnt aes xsave avx hypervisor svm npt",
    },
    memoryKiB: 4_030_000,
    uefi: false,
    iommu: false,
    dmi: { vendor: "QEMU", product: "Standard PC (Q35 + ICH9, 2009)", chassis: 1 },
    pci: [
      { address: "0000:00:00.0", class: "060000", vendor: "8086", device: "29c0" },
      {
        address: "0000:00:01.0",
        class: "030000",
        vendor: "1234",
        device: "1111",
        driver: "bochs-drm",
        bootVga: true,
      },
      {
        address: "0000:00:03.0",
        class: "020000",
        vendor: "1af4",
        device: "1041",
        driver: "virtio-pci",
      },
      {
        address: "0000:00:04.0",
        class: "010000",
        vendor: "1af4",
        device: "1042",
        driver: "virtio-pci",
      },
    ],
    disks: [{
      name: "vda",
      model: "",
      bytes: 42_949_672_960,
      rotational: true,
      id: "virtio-vps4711-disk0",
      controller: "pci0000:00/0000:00:04.0/virtio2",
      partitions: [{
        name: "vda1",
        bytes: 42_947_575_808,
        uuid: "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0",
        partUuid: "d1c2b3a4-01",
        label: "nixos",
      }],
    }],
    cards: [{
      name: "ens3",
      mac: "52:54:00:12:34:56",
      driver: "virtio_net",
      pci: "0000:00:03.0",
      virtio: "virtio1",
      up: true,
      speed: -1,
      ipv4: ["203.0.113.42/24"],
      ipv6: ["2001:db8:4711::2/64", "fe80::5054:ff:fe12:3456/64"],
    }],
    gateway4: "203.0.113.1",
    gateway6: "fe80::1",
  },
  mounts,
  luks: [],
  swap: [],
  resumeDevice: null,
  kernelParams:
    "BOOT_IMAGE=(hd0,msdos1)/boot//kernels/linux-6.6.45-bzImage init=/nix/store/0000000000000000000000000000000c-nixos-system/init console=ttyS0,115200 loglevel=4",
  boot: { loader: "grub", device: "/dev/vda" },
  nameServers: ["203.0.113.53", "2001:4860:4860::8888"],
  sshdConfig: sshdConfig({
    port: 2222,
    permitRootLogin: "prohibit-password",
    passwords: false,
  }),
  sshPort: 2222,
  generation: 9,
  channel: true,
  nixos: {
    "hardware-configuration.nix": hardwareConfiguration({
      mounts,
      available: ["ahci", "xhci_pci", "virtio_pci", "sr_mod", "virtio_blk"],
      modules: ["kvm-amd"],
      swap: [],
      cpu: null,
      guest: true,
      cards: ["ens3"],
    }),
    "networking.nix": `{ lib, ... }: {
  # This file was populated at runtime with the networking details gathered from the active system.
  networking = {
    nameservers = [ "203.0.113.53" "2001:4860:4860::8888" ];
    defaultGateway = "203.0.113.1";
    defaultGateway6 = {
      address = "fe80::1";
      interface = "ens3";
    };
    dhcpcd.enable = false;
    usePredictableInterfaceNames = lib.mkForce true;
    interfaces.ens3 = {
      ipv4.addresses = [
        { address = "203.0.113.42"; prefixLength = 24; }
      ];
      ipv6.addresses = [
        { address = "2001:db8:4711::2"; prefixLength = 64; }
      ];
    };
    useDHCP = false;
  };
}
`,
    "configuration.nix": `{ ... }: {
  imports = [
    ./hardware-configuration.nix
    ./networking.nix # generated at runtime
  ];

  boot.loader.grub.device = "/dev/vda";
  boot.kernelParams = [ "console=ttyS0,115200" ];
  boot.tmp.cleanOnBoot = true;
  zramSwap.enable = true;
  networking.hostName = "vps4711";
  networking.domain = "example.org";

  services.openssh = {
    enable = true;
    ports = [ 2222 ];
    settings.PermitRootLogin = "prohibit-password";
    settings.PasswordAuthentication = false;
    settings.KbdInteractiveAuthentication = false;
  };
  networking.firewall.enable = true;
  networking.firewall.allowedTCPPorts = [ 80 443 ];

  users.users.root.openssh.authorizedKeys.keys = [
    "${publicKey("admin@example.org")}"
  ];
  system.stateVersion = "23.05";
}
`,
  },
};
