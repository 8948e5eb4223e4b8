# What nix/host.nix tells the module about a machine that system-installer has set up. All of it stays
# at its default where the module is part of somebody's own flake.
{ lib, config, ... }:
let
  cfg = config.hypervisor.installed;
  option =
    type: default: description:
    lib.mkOption {
      inherit type default description;
      internal = true;
    };
in
{
  options.hypervisor.installed = {
    host = option (lib.types.nullOr lib.types.str) null ''
      The attribute of `nixosConfigurations` in /etc/hypervisor/src that this machine is, or `null`.
    '';
    searchPath = option (lib.types.listOf lib.types.str) [ ] ''
      The entries of NIX_PATH with which the owner's configuration is evaluated, where it is one of
      channels; empty where it is a flake's, or where there is none.
    '';
    checkout = option (lib.types.nullOr lib.types.str) null ''
      The git checkout in which the owner's flake is, where it belongs to a user other than root.
    '';
    flakeLink = option lib.types.bool false ''
      Whether /etc/nixos/flake.nix is a link to /etc/hypervisor/src/flake.nix in this generation.
    '';
  };

  config = lib.mkIf (config.hypervisor.enable && cfg.flakeLink) (
    import ./flake_link.nix {
      inherit lib config;
      folder = "/etc/hypervisor/src";
    }
  );
}
