# Declaring options, and the properties that a definition can carry.
{ lib }:
let
  property = type: fields: fields // { _type = type; };
in
rec {
  isType = type: value: value._type or null == type;
  setType = type: attrs: attrs // { _type = type; };

  mkOption = fields: fields // { _type = "option"; };
  isOption = isType "option";
  mkEnableOption =
    what:
    mkOption {
      type = lib.types.bool;
      default = false;
      example = true;
      description = "Whether to enable ${what}.";
    };
  mkPackageOption =
    pkgs: name:
    {
      default ? name,
      ...
    }:
    mkOption {
      type = lib.types.package;
      default = lib.getAttrFromPath (lib.toList default) pkgs;
      description = "The package of ${toString name}.";
    };
  literalExpression = text: property "literalExpression" { inherit text; };
  literalExample = literalExpression;
  literalMD = text: property "literalMD" { inherit text; };
  mdDoc = text: text;
  showOption = loc: builtins.concatStringsSep "." (map showName loc);
  showName =
    name:
    if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" name != null || name == "*" || name == "<name>" then
      name
    else
      builtins.toJSON name;
  getValues = map (def: def.value);
  getFiles = map (def: def.file);

  mkIf = condition: content: property "if" { inherit condition content; };
  mkAssert =
    condition: message: content:
    mkIf (if condition then true else throw "\nFailed assertion: ${message}") content;
  mkMerge = contents: property "merge" { inherit contents; };
  mkOverride = priority: content: property "override" { inherit priority content; };
  mkOptionDefault = mkOverride 1500;
  mkDefault = mkOverride 1000;
  defaultOverridePriority = 100;
  mkImageMediaOverride = mkOverride 60;
  mkForce = mkOverride 50;
  mkVMOverride = mkOverride 10;
  mkOrder = priority: content: property "order" { inherit priority content; };
  defaultOrderPriority = 1000;
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;
  mkDefinition = fields: property "definition" fields;
}
