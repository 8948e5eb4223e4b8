# Rules of tmpfiles.d for the loader of a USB kit's executables (nix/usb_kit.ts), which were not built by
# Nix. They are installed beside the host of a published tree, too.
{ lib, pkgs }:
let
  loader = "/run/hypervisor/ld.so";
  scalars = lib.mapAttrs (_: lib.mkOverride 1200);
in
{
  ${builtins.dirOf loader}.d = scalars {
    mode = "0755";
    user = "root";
    group = "root";
  };
  ${loader}."L+" = scalars { argument = pkgs.stdenv.cc.bintools.dynamicLinker; };
}
