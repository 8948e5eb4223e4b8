# What developing the toolkit needs: Deno, and the commands its tests start.
{ pkgs }:
pkgs.mkShellNoCC {
  packages = with pkgs; [ deno curl git jq nix shellcheck tmux util-linux ];
}
