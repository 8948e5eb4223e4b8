# The NixOS module with this flake's tools as its package.
{ toolkit }:
{ lib, pkgs, ... }:
{
  _file = ./flake_module.nix;
  # Imported twice (by the flake and by the owner), it counts once.
  key = toString ./flake_module.nix;
  imports = [ ./module ];
  config.hypervisor.package = lib.mkOverride 1200 (
    if pkgs.deno ? denort then (toolkit pkgs).default else null
  );
}
