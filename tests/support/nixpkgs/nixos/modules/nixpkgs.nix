{
  lib,
  config,
  options,
  ...
}:
let
  inherit (lib) types;
  d = import ../lib/declare.nix { inherit lib; };
  cfg = config.nixpkgs;
in
{
  options.nixpkgs = {
    pkgs = lib.mkOption { type = types.attrs; };
    config = d.of types.attrs { };
    overlays = d.list types.raw;
    system = lib.mkOption { type = types.str; };
    hostPlatform = lib.mkOption {
      type = types.either types.str types.attrs;
      apply = lib.systems.elaborate;
    };
    buildPlatform = lib.mkOption {
      type = types.either types.str types.attrs;
      default = cfg.hostPlatform;
      apply = lib.systems.elaborate;
    };
  };

  config._module.args.pkgs =
    if options.nixpkgs.pkgs.isDefined then
      cfg.pkgs.appendOverlays cfg.overlays
    else
      import ../.. {
        inherit (cfg) config overlays;
        system =
          if options.nixpkgs.hostPlatform.isDefined then
            cfg.hostPlatform.system
          else if options.nixpkgs.system.isDefined then
            cfg.system
          else
            throw "Neither nixpkgs.hostPlatform nor the legacy option nixpkgs.system has been set.";
      };
}
