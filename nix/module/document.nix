# The module's options as data, for docs/module.md (document.ts).
#   nixpkgs: any that the module evaluates with
{ nixpkgs }:
let
  nixos = import (nixpkgs + "/nixos/lib/eval-config.nix") {
    system = "x86_64-linux";
    modules = [ ./. ];
  };
  optionsOf =
    set:
    if set._type or "" == "option" then
      (if set.internal or false then [ ] else [ set ])
    else
      builtins.concatMap optionsOf (builtins.attrValues set);
  # A value, or the text that stands for it.
  shown = value: if value ? text then { inherit (value) text; } else { inherit value; };
in
map (option: {
  name = builtins.concatStringsSep "." option.loc;
  type = option.type.description;
  inherit (option) description;
  default = shown (option.defaultText or option.default);
  example = shown option.example;
}) (optionsOf nixos.options.hypervisor)
