# `pkgs.formats.json { }`: a type and a generator.
{ lib, pkgs }:
{
  json = { }: {
    type = lib.types.anything;
    generate = name: value: pkgs.writeText name (builtins.toJSON value);
  };
}
