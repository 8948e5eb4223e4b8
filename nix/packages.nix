# Every executable as a package, `default`: all of them, and `usb-kit`: them and this tree to carry.
#   source: this tree, which the installer copies to a machine
{ pkgs, source }:
let
  inherit (pkgs) lib;
  names = import ./executables.nix;
  executables = lib.genAttrs names (name: pkgs.callPackage ./package.nix { inherit name source; });
in
executables
// {
  usb-kit = pkgs.callPackage ./usb_kit.nix {
    inherit executables source;
    inherit (pkgs.stdenv.hostPlatform) system;
  };
  default = pkgs.symlinkJoin {
    name = "hyper-nixos-${(lib.importJSON ../deno.json).version}";
    paths = lib.attrValues executables;
    passthru = { inherit executables; };
    meta = {
      description = "The tools that install, update and check a Hyper-NixOS host";
      platforms = lib.platforms.linux;
    };
  };
}
