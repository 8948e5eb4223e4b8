# What nix/host.nix tells the module about a machine that system-installer has set up. All of it stays
# at its default where the module is part of somebody's own flake.
{ lib, config, ... }:
let
  cfg = config.hypervisor.installed;
  option = type: default: description: lib.mkOption {
    inherit type default description;
    internal = true;
  };
in
{
  options.hypervisor.installed = {
    host = option (lib.types.nullOr lib.types.str) null ''
      The attribute of `nixosConfigurations` in /etc/hypervisor/src that this machine is, or `null`.
    '';
    searchPath = option (lib.types.listOf lib.types.str) [ ] ''
      The entries of NIX_PATH with which the owner's configuration is evaluated, where it is one of
      channels; empty where it is a flake's, or where there is none.
    '';
    checkout = option (lib.types.nullOr lib.types.str) null ''
      The git checkout in which the owner's flake is, where it belongs to a user other than root.
    '';
    flakeLink = option lib.types.bool false ''
      Whether /etc/nixos/flake.nix is a link to /etc/hypervisor/src/flake.nix in this generation.
    '';
  };

  config = lib.mkIf (config.hypervisor.enable && cfg.flakeLink) {
    # Not mode "direct-symlink": NixOS notes such a file in /etc/.clean, and the first generation without it
    # removes what then has its name, also a flake that the owner has put there meanwhile. This one it
    # leaves behind as a link to nothing, which is no flake to anybody (setup-etc.pl does not tidy /etc/nixos).
    environment.etc."nixos/flake.nix".source = lib.mkOverride 1200 "/etc/hypervisor/src/flake.nix";

    # An activation puts the link in the place of whatever is there, as it does with all of /etc: on the way
    # back to this generation that may be a flake that the owner has made since. (An overlay keeps it.)
    system.activationScripts = lib.mkIf (!(config.system.etc.overlay.enable or false)) {
      etc.deps = [ "hyper-nixos-flake" ];
      hyper-nixos-flake.text = ''
        case "$(readlink /etc/nixos/flake.nix || true)" in
          /etc/static/nixos/flake.nix | /etc/hypervisor/src/flake.nix) ;;
          *)
            if [[ -e /etc/nixos/flake.nix || -L /etc/nixos/flake.nix ]]; then
              cp --archive --backup=numbered /etc/nixos/flake.nix /etc/nixos/flake.nix.kept
              echo "/etc/nixos/flake.nix becomes a link to that of Hyper-NixOS; what it was is /etc/nixos/flake.nix.kept"
            fi
            ;;
        esac
      '';
    };
  };
}
