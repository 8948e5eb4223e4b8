{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) types;
  d = import ../lib/declare.nix { inherit lib; };
  section = d.of (types.attrsOf types.anything) { };
  names = d.list types.str;
  unit = {
    enable = d.bool true;
    description = d.of types.singleLineStr "";
    documentation = names;
    aliases = names;
    after = names;
    before = names;
    bindsTo = names;
    conflicts = names;
    onFailure = names;
    onSuccess = names;
    partOf = names;
    requiredBy = names;
    requires = names;
    requisite = names;
    upheldBy = names;
    upholds = names;
    wantedBy = names;
    wants = names;
    overrideStrategy = d.str "asDropinIfExists";
    restartTriggers = d.list types.unspecified;
    reloadTriggers = d.list types.unspecified;
    unitConfig = section;
    startLimitIntervalSec = d.maybe types.int;
    startLimitBurst = d.maybe types.int;
  };
  units = options: d.many (unit // options);
  service = {
    serviceConfig = section;
    environment = d.set (
      types.nullOr (
        types.oneOf [
          types.str
          types.path
          types.package
        ]
      )
    );
    path = d.list (
      types.oneOf [
        types.package
        types.str
      ]
    );
    script = d.lines;
    scriptArgs = d.str "";
    preStart = d.lines;
    postStart = d.lines;
    preStop = d.lines;
    postStop = d.lines;
    reload = d.lines;
    jobScripts = d.list types.raw;
    startAt = d.of (types.either types.str (types.listOf types.str)) [ ];
    restartIfChanged = d.bool true;
    reloadIfChanged = d.bool false;
    stopIfChanged = d.bool true;
    confinement = d.free;
  };
  # What a unit of NixOS comes to: its text, the file made of it, and what wants it.
  written =
    suffix: sections:
    lib.mapAttrs' (
      name: unit:
      let
        text = builtins.toJSON (lib.genAttrs sections (section: unit.${section} or null));
      in
      lib.nameValuePair "${name}.${suffix}" {
        inherit (unit)
          enable
          wantedBy
          requiredBy
          upheldBy
          aliases
          ;
        inherit text;
        unit = pkgs.writeText "unit-${builtins.replaceStrings [ "@" ] [ "-" ] name}.${suffix}" text;
      }
    );
  writtenUnits =
    set:
    written "service" [ "description" "after" "serviceConfig" "environment" "script" ] (
      set.services or { }
    )
    // written "timer" [ "timerConfig" ] (set.timers or { })
    // written "socket" [ "socketConfig" "listenStreams" ] (set.sockets or { });
  started = lib.filterAttrs (_: s: lib.toList s.startAt != [ ]) config.systemd.services;
in
{
  options.systemd = {
    services = units service;
    timers = units { timerConfig = section; };
    sockets = units {
      socketConfig = section;
      listenStreams = names;
      listenDatagrams = names;
    };
    targets = units { };
    paths = units { pathConfig = section; };
    slices = units { sliceConfig = section; };
    mounts = d.list (
      d.sub (
        unit
        // {
          what = d.str "";
          where = d.str "";
          type = d.str "";
          options = d.str "";
          mountConfig = section;
        }
      )
    );
    user = {
      services = units service;
      timers = units { timerConfig = section; };
      units = d.free;
    };
    units = d.free;
    enableEmergencyMode = d.bool true;
    extraConfig = d.lines;
    packages = d.list types.package;
    sleep.extraConfig = d.lines;
    coredump = {
      enable = d.bool true;
    };
    oomd = {
      enable = d.bool true;
    };
    defaultUnit = d.str "multi-user.target";
    tmpfiles = {
      rules = names;
      packages = d.list types.package;
      settings = d.set (
        types.attrsOf (
          types.attrsOf (
            types.submodule (
              { name, ... }: {
                options = {
                  type = d.str name;
                  mode = d.str "-";
                  user = d.str "-";
                  group = d.str "-";
                  age = d.str "-";
                  argument = d.str "";
                };
              }
            )
          )
        )
      );
    };
  };

  config = {
    systemd.units = writtenUnits config.systemd;
    systemd.user.units = writtenUnits config.systemd.user;
    systemd.timers = lib.mapAttrs (_: s: {
      wantedBy = [ "timers.target" ];
      timerConfig.OnCalendar = s.startAt;
    }) started;
    environment.etc = lib.mapAttrs' (
      name: entries:
      lib.nameValuePair "tmpfiles.d/${name}.conf" {
        text = lib.concatStrings (
          lib.flatten (
            lib.mapAttrsToList (
              path:
              lib.mapAttrsToList (
                _: e: "'${e.type}' '${path}' '${e.mode}' '${e.user}' '${e.group}' '${e.age}' ${e.argument}\n"
              )
            ) entries
          )
        );
      }
    ) config.systemd.tmpfiles.settings;
  };
}
