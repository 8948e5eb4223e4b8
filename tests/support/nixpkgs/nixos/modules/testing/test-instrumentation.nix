# What makes a machine one that a VM test drives: as far as a configuration notices it.
{ lib, pkgs, ... }:
{
  systemd.services.backdoor.wantedBy = [ "multi-user.target" ];
  networking.usePredictableInterfaceNames = false;
  networking.defaultGateway = lib.mkOverride 150 null;
  users.users.root.hashedPasswordFile = lib.mkOverride 150 "${pkgs.writeText "hashed-password.root" ""}";
  system.stateVersion = lib.mkDefault lib.release;
}
