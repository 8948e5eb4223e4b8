# A host that is nobody's: for checks, and as a start for a machine that is not installed by
# system-installer. Expects disks labelled "nixos" and "BOOT", and has no user: add your own modules.
{ lib, ... }:
{
  hypervisor.enable = true;
  networking.hostName = lib.mkDefault "hypervisor";
  system.stateVersion = lib.mkDefault "24.05";

  boot.loader.systemd-boot.enable = lib.mkDefault true;
  boot.loader.efi.canTouchEfiVariables = lib.mkDefault true;
  fileSystems."/" = lib.mkDefault {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };
  fileSystems."/boot" = lib.mkDefault {
    device = "/dev/disk/by-label/BOOT";
    fsType = "vfat";
    options = [ "umask=0077" ];
  };
}
