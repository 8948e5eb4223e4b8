/**
 * A machine whose owner keeps the configuration as a flake in /etc/nixos: flake.nix is a regular file,
 * the attribute is named like the host, UEFI with systemd-boot, declared passwords.
 */
import { hashes, person, publicKey, superuser } from "./accounts.ts";
import { hardwareConfiguration, sshdConfig } from "./configurations.ts";
import type { MachineDescription, MachineMount } from "./description.ts";
import { uefi } from "./uefi.ts";

const mounts: readonly MachineMount[] = [
  {
    mountPoint: "/",
    device: "nvme0n1p2",
    uuid: "5f6a2c1e-9d0b-4c55-8b8e-0f3c6f1d7a21",
    fsType: "btrfs",
    options: "rw,noatime,compress=zstd:3,ssd,subvolid=257,subvol=/@",
  },
  ...uefi.mounts.filter((mount) => mount.mountPoint === "/boot"),
];

/** @param nixpkgs the flake reference of the input, a path in the machine or of the host */
export function flake(nixpkgs: string): MachineDescription {
  return {
    ...uefi,
    kind: "flake",
    hostName: "starling",
    stateVersion: "24.05",
    timeZone: "Europe/London",
    locale: "en_GB.UTF-8",
    extraLocale: {},
    keyMap: "uk",
    accounts: [
      superuser({ hash: hashes.locked }),
      person({
        name: "dana",
        uid: 1000,
        gecos: "Dana",
        hash: hashes.sha512,
        groups: ["wheel", "video"],
        declaredKeys: [publicKey("dana@starling")],
      }),
    ],
    groups: [],
    mounts,
    swap: [{ device: "/swapfile", uuid: null, kiB: 8_388_604 }],
    nameServers: ["1.1.1.1", "9.9.9.9"],
    sshdConfig: sshdConfig({
      port: 22,
      permitRootLogin: "no",
      passwords: false,
      extra: "AllowUsers dana\n",
    }),
    sshPort: 22,
    generation: 12,
    channel: false,
    nixos: {
      "flake.nix": `{
  description = "starling";

  inputs.nixpkgs.url = "${nixpkgs}";

  outputs = { self, nixpkgs, ... }: {
    nixosConfigurations.starling = nixpkgs.lib.nixosSystem {
      system = "x86_64-linux";
      modules = [ ./configuration.nix ];
    };
  };
}
`,
      "hardware-configuration.nix": hardwareConfiguration({
        mounts,
        available: ["xhci_pci", "nvme", "usbhid", "sd_mod"],
        modules: ["kvm-intel"],
        swap: [],
        cpu: "intel",
        cards: ["enp3s0"],
      }).replace(
        'fsType = "btrfs";',
        'fsType = "btrfs";\n      options = [ "subvol=@" "compress=zstd" "noatime" ];',
      ),
      "configuration.nix": `{ config, lib, pkgs, ... }:
{
  imports = [ ./hardware-configuration.nix ];

  boot.loader.systemd-boot.enable = true;
  boot.loader.systemd-boot.configurationLimit = 10;
  boot.loader.efi.canTouchEfiVariables = true;

  networking.hostName = "starling";
  networking.nameservers = [ "1.1.1.1" "9.9.9.9" ];
  time.timeZone = "Europe/London";
  i18n.defaultLocale = "en_GB.UTF-8";
  console.keyMap = "uk";

  swapDevices = [ { device = "/swapfile"; size = 8192; } ];

  users.mutableUsers = false;
  users.users.dana = {
    isNormalUser = true;
    description = "Dana";
    extraGroups = [ "wheel" "video" ];
    hashedPassword = "${hashes.sha512}";
    openssh.authorizedKeys.keys = [ "${publicKey("dana@starling")}" ];
  };

  services.openssh = {
    enable = true;
    settings.PermitRootLogin = "no";
    settings.PasswordAuthentication = false;
    settings.KbdInteractiveAuthentication = false;
    settings.AllowUsers = [ "dana" ];
  };

  nix.settings.experimental-features = [ "nix-command" "flakes" ];
  system.stateVersion = "24.05";
}
`,
    },
  };
}
