# Evaluates a NixOS configuration: the modules of this stand-in and the given ones.
{
  modules ? [ ],
  system ? builtins.currentSystem,
  pkgs ? null,
  lib ? import ../../lib,
  specialArgs ? { },
  baseModules ? import ../modules/module-list.nix,
  extraModules ? [ ],
  extraArgs ? { },
  prefix ? [ ],
  check ? true,
}:
let
  arguments = {
    _file = ./eval-config.nix;
    config = {
      _module.args = {
        inherit baseModules extraModules modules;
      }
      // extraArgs;
      nixpkgs.system = lib.mkIf (system != null) (lib.mkDefault system);
      nixpkgs.pkgs = lib.mkIf (pkgs != null) (lib.mkForce pkgs);
    };
  };
  eval = lib.evalModules {
    inherit prefix check;
    class = "nixos";
    specialArgs = {
      modulesPath = toString ../modules;
    }
    // specialArgs;
    modules = baseModules ++ [ arguments ] ++ extraModules ++ modules;
  };
in
eval
// {
  inherit lib extraArgs;
  pkgs = eval._module.args.pkgs;
}
