# What becomes of each thing that the module defines where an owner defines it otherwise, as data:
#   [ { option, priority, ours, mkDefault, plain } ]
# `priority` is that of the module's definition, `ours` its value, `mkDefault` and `plain` are { owner, merged }
# for such a definition by the owner (null where the module insists). The definitions are read from the
# module itself.
{
  nixpkgs,
  module ? ../../nix/module,
  # What the module needs to have everything to define, and the machine to evaluate.
  modules,
}:
let
  lib = import (nixpkgs + "/lib");
  evaluate =
    extra:
    import (nixpkgs + "/nixos/lib/eval-config.nix") {
      system = "x86_64-linux";
      modules = [ module ] ++ modules ++ extra;
    };
  ours = evaluate [ ];

  # The definitions that a module's files make: [ { path, value, priority } ], conditions resolved.
  load =
    file:
    let
      loaded = import file;
      value =
        if builtins.isFunction loaded then
          loaded (
            ours._module.args
            // ours._module.specialArgs or { }
            // {
              inherit lib;
              inherit (ours) config options;
            }
          )
        else
          loaded;
    in
    definitionsIn 100 [ ] (value.config or { }) ++ builtins.concatMap load (value.imports or [ ]);
  definitionsIn =
    priority: path: value:
    let
      type = value._type or null;
    in
    if type == "if" then
      lib.optionals value.condition (definitionsIn priority path value.content)
    else if type == "merge" then
      builtins.concatMap (definitionsIn priority path) value.contents
    else if type == "override" then
      definitionsIn value.priority path value.content
    else if type == "order" then
      definitionsIn priority path value.content
    else if builtins.isAttrs value && !(lib.isDerivation value) && value != { } then
      builtins.concatMap (name: definitionsIn priority (path ++ [ name ]) value.${name}) (
        builtins.attrNames value
      )
    else
      [ { inherit path value priority; } ];

  # Another value of the same kind.
  other =
    pkgs: value:
    if builtins.isBool value then
      !value
    else if builtins.isInt value then
      value + 1
    else if builtins.isString value then
      (
        if lib.hasPrefix "/" value then
          "/owner"
        else if lib.hasSuffix ".target" value then
          "owner.target"
        else
          "owner"
      )
    else if lib.isDerivation value then
      pkgs.hello
    else if builtins.isList value then
      map (other pkgs) value
    else if value ? assertion then
      {
        assertion = true;
        message = "owner";
      }
    else if value ? commands then
      value // { users = [ "owner" ]; }
    else if value == { } then
      { }
    else
      throw "no other value for ${builtins.toJSON value}";

  plainly =
    value:
    if lib.isDerivation value then
      builtins.unsafeDiscardStringContext value.outPath
    else if builtins.isString value then
      builtins.unsafeDiscardStringContext value
    else if builtins.isList value then
      map plainly value
    # NixOS's messages need not evaluate while the assertion holds.
    else if value ? assertion then
      { inherit (value) assertion; }
    else if builtins.isAttrs value then
      lib.mapAttrs (_: plainly) value
    else
      value;

  beside =
    definition: mark:
    let
      # systemd's Type is one of few words.
      owner = if lib.last definition.path == "Type" then "exec" else other ours.pkgs definition.value;
      result = evaluate [ { config = lib.setAttrByPath definition.path (mark owner); } ];
    in
    {
      owner = plainly owner;
      merged = plainly (lib.getAttrFromPath definition.path result.config);
    };
in
map (definition: {
  option = lib.concatStringsSep "." definition.path;
  inherit (definition) priority;
  ours = plainly definition.value;
  mkDefault = if definition.priority < 100 then null else beside definition lib.mkDefault;
  plain = if definition.priority < 100 then null else beside definition lib.id;
}) (lib.filter (definition: definition.path != [ ]) (load (module + "/default.nix")))
