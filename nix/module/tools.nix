# The five tools, and the daily check.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  cfg = config.hypervisor;
  isKit = cfg.installed.host != null && cfg.package != null && !(cfg.package ? executables);
  # The flake's package knows its parts; a plain store path has them all in bin/.
  validator = cfg.package.executables.validator or cfg.package;
  checksItself = cfg.validator.enable && cfg.package != null;
  # Where node_exporter reads, the results go too.
  metrics = cfg.validator.metricsFolder;
  check = "${validator}/bin/validator --no-color";
  writesMetrics = pkgs.writeShellScript "hypervisor-validator-metrics" ''
    coreutils=${pkgs.coreutils}/bin
    ${builtins.readFile ./metrics.sh}
  '';
  scalars = lib.mapAttrs (_: lib.mkOverride 1200);
in
{
  options.hypervisor = {
    package = lib.mkOption {
      type = lib.types.nullOr lib.types.package;
      default = null;
      defaultText = lib.literalMD "the flake's package, where nixpkgs can compile it";
      example = lib.literalExpression "inputs.hyper-nixos.packages.x86_64-linux.default";
      description = ''
        The tools to have on PATH, or `null` for none. The flake's module sets it. Compiling them
        needs `deno.denort` of nixpkgs (since mid 2026); with an older nixpkgs it stays `null`.
      '';
    };
    validator = {
      enable = lib.mkOption {
        type = lib.types.bool;
        default = true;
        example = false;
        description = "Whether the machine checks itself regularly, into `/var/log/hypervisor/validator.log`.";
      };
      schedule = lib.mkOption {
        type = lib.types.str;
        default = "daily";
        example = "Mon *-*-* 06:00";
        description = "When the check runs, as a calendar event of systemd.time(7).";
      };
      metricsFolder = lib.mkOption {
        type = lib.types.nullOr lib.types.path;
        default = null;
        example = "/var/lib/node-exporter";
        description = ''
          A folder where each check also leaves its results as `hyper-nixos.prom`, for the textfile
          collector of Prometheus' node_exporter (`--collector.textfile.directory`), or `null`. It is
          made, readable by everyone, where it is not there.
        '';
      };
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = lib.optional (cfg.package != null) cfg.package;

    systemd.tmpfiles.settings.hyper-nixos = lib.mkMerge [
      (lib.mkIf isKit (import ./kit_loader.nix { inherit lib pkgs; }))
      (lib.mkIf (checksItself && metrics != null) {
        ${toString metrics}.d = scalars {
          mode = "0755";
          user = "root";
          group = "root";
        };
      })
    ];

    systemd.services.hypervisor-validator = lib.mkIf checksItself (
      scalars {
        description = "Check of the Hyper-NixOS installation";
        # An activation must not start it: it would look at a machine that is changing.
        restartIfChanged = false;
      }
      // {
        serviceConfig = scalars {
          Type = "oneshot";
          ExecStart =
            if metrics == null then
              check
            else
              "${writesMetrics} ${
                lib.replaceStrings [ "%" ] [ "%%" ] (lib.escapeShellArg (toString metrics))
              } ${check}";
          Nice = 10;
          # 6: something is not healthy. That is the log's content, not a failure of this service,
          # which would show as a failed unit at every rebuild.
          SuccessExitStatus = 6;
        };
      }
    );
    systemd.timers.hypervisor-validator = lib.mkIf checksItself {
      description = lib.mkOverride 1200 "Regular check of the Hyper-NixOS installation";
      wantedBy = [ "timers.target" ];
      timerConfig = scalars {
        OnCalendar = cfg.validator.schedule;
        Persistent = true;
        RandomizedDelaySec = "1h";
      };
    };
  };
}
