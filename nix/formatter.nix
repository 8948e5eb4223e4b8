# `nix fmt`: the toolkit's own format, for the named files or the whole tree.
{ pkgs }:
pkgs.writeShellApplication {
  name = "format";
  runtimeInputs = [
    pkgs.deno
    pkgs.git
    pkgs.nixfmt
  ];
  text = ''
    [ $# -gt 0 ] || set -- "$(git rev-parse --show-toplevel)"
    deno fmt --permit-no-files "$@"
    find "$@" -name .git -prune -o -name '*.nix' -type f -print0 | xargs -0 --no-run-if-empty nixfmt
  '';
}
