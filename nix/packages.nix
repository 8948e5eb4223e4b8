# Every executable as a package, and `default`: all of them.
#   source: this tree, which the installer copies to a machine
{ pkgs, source }:
let
  inherit (pkgs) lib;
  names = import ./executables.nix;
  executables = lib.genAttrs names (name: pkgs.callPackage ./package.nix { inherit name source; });
in
executables // {
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
