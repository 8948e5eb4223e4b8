/**
 * A source of the published layout, made as MasterofNull/Hyper-NixOS is: options named `hypervisor.*`, a
 * host name, a stricter sshd and a boot loader of its own, an empty hardware file, and a module that
 * fails where the machine that evaluates can be looked at (`--impure`). Its nixpkgs is the stand-in.
 */
import { dirname } from "node:path";
import { mustRun } from "./must_run.ts";
import { lockToStandIn } from "./stand_in_lock.ts";

const FLAKE = `{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-24.05";
  outputs = { self, nixpkgs }: {
    nixosConfigurations.hypervisor-x86_64 = nixpkgs.lib.nixosSystem {
      system = "x86_64-linux";
      modules = [ ./configuration.nix ];
    };
  };
}
`;

const CONFIGURATION = `{ config, lib, pkgs, ... }:
{
  imports = [ ./hardware-configuration.nix ./modules/core/options.nix ./modules/core/platform.nix ];
  networking.hostName = "hyper-nixos";
  system.stateVersion = "24.05";
  boot.loader.systemd-boot.enable = lib.mkDefault true;
  boot.loader.efi.canTouchEfiVariables = lib.mkDefault true;
  hypervisor.enable = true;
  virtualisation.libvirtd.enable = true;
  networking.firewall.enable = true;
  services.openssh.enable = true;
  services.openssh.settings.PasswordAuthentication = false;
  services.openssh.settings.PermitRootLogin = "no";
  services.chrony.enable = true;
  services.timesyncd.enable = false;
  security.sudo.wheelNeedsPassword = true;
  users.mutableUsers = true;
}
`;

const OPTIONS = `{ lib, ... }:
{
  options.hypervisor.enable = lib.mkOption { type = lib.types.bool; default = false; };
}
`;

const PLATFORM = `{ lib, ... }:
{
  services.fwupd.enable = lib.mkDefault (
    if builtins.pathExists /sys/class/net then throw "it looks at the machine that evaluates" else false);
}
`;

/** The files of it, by path. */
export const PUBLISHED_FILES: Readonly<Record<string, string>> = {
  "README.md": "# Hyper-NixOS\n",
  "flake.nix": FLAKE,
  "configuration.nix": CONFIGURATION,
  "hardware-configuration.nix": "{ ... }:\n{\n  # No-op placeholder.\n}\n",
  "modules/core/options.nix": OPTIONS,
  "modules/core/platform.nix": PLATFORM,
};

/** Makes the folder `path`. */
export function makePublishedSource(path: string): void {
  for (const [name, text] of Object.entries(PUBLISHED_FILES)) {
    Deno.mkdirSync(dirname(`${path}/${name}`), { recursive: true });
    Deno.writeTextFileSync(`${path}/${name}`, text);
  }
  mustRun("chmod", ["-R", "go-w,go+rX", path]);
  lockToStandIn(path);
}
