# `import <nixpkgs> { }`: the package set; see pkgs/default.nix.
{
  system ? localSystem.system or localSystem,
  localSystem ? builtins.currentSystem,
  config ? { },
  overlays ? [ ],
  ...
}:
import ./pkgs { inherit system config overlays; }
