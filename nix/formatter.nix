# `nix fmt`: the toolkit's own format, for the named files or the whole tree.
{ pkgs }:
pkgs.writeShellApplication {
  name = "format";
  runtimeInputs = [ pkgs.deno ];
  text = ''exec deno fmt "$@"'';
}
