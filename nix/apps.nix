# `nix run .#NAME` for every executable.
{ lib, packages }:
lib.genAttrs (import ./executables.nix) (name: {
  type = "app";
  program = "${packages.${name}}/bin/${name}";
  meta = { inherit (packages.${name}.meta) description; };
})
