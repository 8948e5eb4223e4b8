{ lib, config, ... }:
let
  inherit (lib) types;
  d = import ../lib/declare.nix { inherit lib; };
  range = d.sub {
    from = d.required types.port;
    to = d.required types.port;
  };
  ports = lib.mkOption {
    type = types.listOf types.port;
    default = [ ];
    apply = list: lib.unique (lib.naturalSort list);
  };
  open = {
    allowedTCPPorts = ports;
    allowedUDPPorts = ports;
    allowedTCPPortRanges = d.list range;
    allowedUDPPortRanges = d.list range;
  };
in
{
  options.networking.firewall = open // {
    enable = d.bool true;
    allowPing = d.bool true;
    pingLimit = d.maybe (types.separatedString " ");
    trustedInterfaces = d.list types.str;
    interfaces = d.many open;
    extraCommands = d.lines;
    extraStopCommands = d.lines;
    extraInputRules = d.lines;
    extraForwardRules = d.lines;
    extraPackages = d.list types.package;
    filterForward = d.bool false;
    checkReversePath = d.of (types.either types.bool (
      types.enum [
        "strict"
        "loose"
      ]
    )) true;
    rejectPackets = d.bool false;
    logRefusedConnections = d.bool true;
    logRefusedPackets = d.bool false;
    logReversePathDrops = d.bool false;
    autoLoadConntrackHelpers = d.bool false;
    connectionTrackingModules = d.list types.str;
  };
  options.networking.nftables = d.enable // {
    ruleset = d.lines;
    rulesetFile = d.maybe types.path;
    tables = d.many {
      enable = d.bool true;
      family = d.required types.str;
      content = d.lines;
    };
  };
  options.networking.nat = d.enable // {
    externalInterface = d.maybe types.str;
    internalInterfaces = d.list types.str;
  };

  config.networking.firewall.trustedInterfaces = [ "lo" ];
  config.systemd.services.firewall =
    lib.mkIf (config.networking.firewall.enable && !config.networking.nftables.enable)
      {
        wantedBy = [ "sysinit.target" ];
      };
  config.systemd.services.nftables = lib.mkIf config.networking.nftables.enable {
    wantedBy = [ "sysinit.target" ];
  };
}
