# /etc/nixos/flake.nix as a link to the flake of this host, while a generation with it runs: a part of a
# configuration. It is installed beside the host of a published tree, too.
#   folder: the machine path of the folder that holds this host's flake.nix
{
  lib,
  config,
  folder,
}:
{
  # Not mode "direct-symlink": NixOS notes such a file in /etc/.clean, and the first generation without it
  # removes what then has its name, also a flake that the owner has put there meanwhile. This one it
  # leaves behind as a link to nothing, which is no flake to anybody (setup-etc.pl does not tidy /etc/nixos).
  environment.etc."nixos/flake.nix".source = lib.mkOverride 1200 "${folder}/flake.nix";

  # An activation puts the link in the place of whatever is there, as it does with all of /etc: on the way
  # back to this generation that may be a flake that the owner has made since. (An overlay keeps it.)
  system.activationScripts = lib.mkIf (!(config.system.etc.overlay.enable or false)) {
    etc.deps = [ "hyper-nixos-flake" ];
    hyper-nixos-flake.text = ''
      case "$(readlink /etc/nixos/flake.nix || true)" in
        /etc/static/nixos/flake.nix | ${folder}/flake.nix) ;;
        *)
          if [[ -e /etc/nixos/flake.nix || -L /etc/nixos/flake.nix ]]; then
            cp --archive --backup=numbered /etc/nixos/flake.nix /etc/nixos/flake.nix.kept
            echo "/etc/nixos/flake.nix becomes a link to that of Hyper-NixOS; what it was is /etc/nixos/flake.nix.kept"
          fi
          ;;
      esac
    '';
  };
}
