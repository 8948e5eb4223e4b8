# The nixos-rebuild of an installed machine.
{
  lib,
  config,
  options,
  pkgs,
  ...
}:
let
  cfg = config.hypervisor.installed;
  file = toString ./nixos_rebuild.nix;
in
{
  _file = file;
  config = lib.mkIf (config.hypervisor.enable && cfg.host != null) (
    import ./rebuild_wrapper.nix {
      inherit
        lib
        config
        options
        pkgs
        file
        ;
      inherit (cfg) host searchPath checkout;
      folder = "/etc/hypervisor/src";
      arguments = [ "--impure" ];
    }
  );
}
