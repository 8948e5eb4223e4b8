{ lib, ... }:
let
  d = import ../lib/declare.nix { inherit lib; };
in
{
  options.assertions = lib.mkOption {
    type = lib.types.listOf lib.types.unspecified;
    default = [ ];
  };
  options.warnings = d.list lib.types.str;
}
