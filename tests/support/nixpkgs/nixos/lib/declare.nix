# Short forms for declaring options: `bool true` is a boolean whose default is true.
{ lib }:
let
  inherit (lib) mkOption types;
  of = type: default: mkOption { inherit type default; };
in
rec {
  inherit of;
  required = type: mkOption { inherit type; };
  bool = of types.bool;
  int = of types.int;
  str = of types.str;
  lines = of types.lines "";
  maybe = type: of (types.nullOr type) null;
  list = type: of (types.listOf type) [ ];
  set = type: of (types.attrsOf type) { };
  sub = options: types.submodule { inherit options; };
  many = options: set (sub options);
  enable = {
    enable = bool false;
  };
  package = default: of types.package default;
  free = of (types.attrsOf types.anything) { };
  scalar = types.nullOr (
    types.oneOf [
      types.bool
      types.int
      types.float
      types.str
      types.path
    ]
  );
}
