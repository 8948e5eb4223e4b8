# The package set: builders around /bin/sh with the commands of the machine that builds (so only with
# `sandbox = false`), and packages that are placeholders of the right shape.
{
  system,
  config ? { },
  overlays ? [ ],
}:
let
  lib = import ../lib;
  base =
    final:
    let
      build = import ./builders.nix {
        inherit lib system;
        pkgs = final;
      };
      placeholder = import ./placeholders.nix {
        inherit lib;
        pkgs = final;
      };
    in
    build
    // placeholder
    // {
      inherit
        lib
        system
        config
        overlays
        ;
      _type = "pkgs";
      path = ../.;
      callPackage = lib.callPackageWith final;
      appendOverlays =
        extra:
        import ./. {
          inherit system config;
          overlays = overlays ++ extra;
        };
      extend = overlay: final.appendOverlays [ overlay ];
      hostPlatform = final.stdenv.hostPlatform;
      formats = import ./formats.nix {
        inherit lib;
        pkgs = final;
      };
    };
in
lib.fix (lib.extends (lib.composeManyExtensions overlays) base)
