# A copy of guests' definitions, once a day: an accident in libvirt's folder would take them all, and the
# disks alone do not say what a guest was.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  cfg = config.hypervisor;
  script = pkgs.writeShellScript "hypervisor-guest-backup" ''
    coreutils=${pkgs.coreutils}/bin
    findutils=${pkgs.findutils}/bin
    ${builtins.readFile ./guest_backup.sh}
  '';
  scalars = lib.mapAttrs (_: lib.mkOverride 1200);
  # What tools and docs/ name, too (lib/validate/checks/guest_backup.ts).
  folder = "/var/lib/hyper-nixos/guests";
in
{
  options.hypervisor.guestBackup = {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = true;
      example = false;
      description = ''
        Whether the definitions of guests, networks and storage pools are copied to
        `/var/lib/hyper-nixos/guests` (root only) when they have changed; the newest 30 copies stay.
        Guests' disks are not part of it.
      '';
    };
    schedule = lib.mkOption {
      type = lib.types.str;
      default = "daily";
      example = "hourly";
      description = "When that is done, as a calendar event of systemd.time(7).";
    };
  };

  config = lib.mkIf (cfg.enable && cfg.guestBackup.enable && config.virtualisation.libvirtd.enable) {
    systemd.services.hypervisor-guest-backup =
      scalars {
        description = "Copy of guests' definitions";
        restartIfChanged = false;
      }
      // {
        serviceConfig = scalars {
          Type = "oneshot";
          ExecStart = "${script} /var/lib/libvirt ${folder}";
          Nice = 10;
        };
      };
    systemd.timers.hypervisor-guest-backup = {
      description = lib.mkOverride 1200 "Regular copy of guests' definitions";
      wantedBy = [ "timers.target" ];
      timerConfig = scalars {
        OnCalendar = cfg.guestBackup.schedule;
        Persistent = true;
        RandomizedDelaySec = "1h";
      };
    };
  };
}
