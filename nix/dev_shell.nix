# What developing the toolkit needs: Deno, and the commands its tests start.
{ pkgs }:
pkgs.mkShellNoCC {
  packages = with pkgs; [
    curl
    deadnix
    deno
    git
    jq
    nix
    nixfmt
    openssh
    shellcheck
    tmux
    util-linux
  ];
}
