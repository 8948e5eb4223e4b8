# `import <nixpkgs/nixos> { configuration = …; }`: a machine that has channels.
{
  configuration ? import (
    if builtins.getEnv "NIXOS_CONFIG" == "" then <nixos-config> else builtins.getEnv "NIXOS_CONFIG"
  ),
  system ? builtins.currentSystem,
  specialArgs ? { },
}:
let
  eval = import ./lib/eval-config.nix {
    inherit system specialArgs;
    modules = [ configuration ];
  };
in
{
  inherit (eval) pkgs config options;
  system = eval.config.system.build.toplevel;
}
