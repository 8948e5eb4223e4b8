# The Hyper-NixOS module. It is added to what an owner wrote and never collides with it: each single value
# is set with mkOverride 1200, which any definition of the owner's beats, mkDefault (1000) included, and
# which beats an option's own default (1500). Lists, entries and lines are defined plainly, because those
# merge: a weaker list beside a stronger one would vanish whole. It never sets the host name, state
# version, time zone, users, boot loader or sshd: those belong to the machine.
{ lib, ... }:
{
  imports = [
    ./folders.nix
    ./guest_backup.nix
    ./installed.nix
    ./nix_settings.nix
    ./nixos_rebuild.nix
    ./operators.nix
    ./signers.nix
    ./tools.nix
    ./virtualisation.nix
  ];

  options.hypervisor.enable = lib.mkEnableOption "Hyper-NixOS: this machine hosts virtual machines";
}
