# The /etc/nixos/configuration.nix of the test's machine, before it becomes a Hyper-NixOS host.
{ lib, modulesPath, ... }:
{
  imports = [
    # The test drives the machine through a service of this module: without it, it is lost.
    (modulesPath + "/testing/test-instrumentation.nix")
  ]
  ++ lib.optional (builtins.pathExists ./hardware-configuration.nix) ./hardware-configuration.nix;

  boot.loader.grub.device = "/dev/vda";
  # The test's disk has no partitions, and so no room for GRUB but in its file system.
  boot.loader.grub.forceInstall = true;

  networking.hostName = "machine";
  networking.interfaces.eth1.ipv4.addresses = [
    {
      address = "192.168.1.2";
      prefixLength = 24;
    }
  ];
  time.timeZone = "Europe/Berlin";
  system.stateVersion = "24.05";

  services.openssh.enable = true;
  services.openssh.ports = [ 2222 ];
  services.openssh.settings.PermitRootLogin = "no";

  # Her password is set with passwd(1), as people do.
  users.users.alice = {
    isNormalUser = true;
    description = "Alice Example";
    extraGroups = [ "wheel" ];
  };
  # The module for tests gives root an empty password. A machine like this has none.
  users.users.root.hashedPasswordFile = lib.mkForce null;
  users.users.root.hashedPassword = "!";

  # There is no network but the other machine.
  nix.settings.substituters = lib.mkForce [ ];
  documentation.enable = false;
}
