# The Hyper-NixOS module. Whatever an owner may want otherwise is set with mkDefault. It never sets the
# host name, state version, time zone, users, boot loader or sshd: those belong to the machine.
{ lib, ... }:
{
  imports = [
    ./folders.nix
    ./installed.nix
    ./nix_settings.nix
    ./operators.nix
    ./tools.nix
    ./virtualisation.nix
  ];

  options.hypervisor.enable = lib.mkEnableOption "Hyper-NixOS: this machine hosts virtual machines";
}
