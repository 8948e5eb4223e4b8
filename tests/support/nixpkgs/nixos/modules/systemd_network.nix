{ lib, config, ... }:
let
  inherit (lib) types;
  d = import ../lib/declare.nix { inherit lib; };
  cfg = config.systemd.network;
  section = d.of (types.attrsOf types.anything) { };
  common = {
    enable = d.bool true;
    matchConfig = section;
    linkConfig = section;
    extraConfig = d.lines;
  };
  values =
    name: value:
    map (v: "${name}=${if builtins.isBool v then lib.boolToString v else toString v}") (
      lib.toList value
    );
  print =
    title: attrs:
    lib.optionalString (attrs != { })
      "[${title}]\n${lib.concatStringsSep "\n" (lib.concatLists (lib.mapAttrsToList values attrs))}\n\n";
  networkText =
    n:
    print "Match" (n.matchConfig // lib.optionalAttrs (n.name != null) { Name = n.name; })
    + print "Link" n.linkConfig
    + print "Network" (
      n.networkConfig
      // lib.filterAttrs (_: v: v != [ ] && v != null) {
        DHCP = n.DHCP;
        Address = n.address;
        Gateway = n.gateway;
        DNS = n.dns;
        Domains = n.domains;
        VLAN = n.vlan;
        Bridge = n.bridge;
        Bond = n.bond;
      }
    )
    + lib.concatMapStrings (r: print "Route" (r.routeConfig or r)) n.routes
    + lib.concatMapStrings (a: print "Address" (a.addressConfig or a)) n.addresses
    + print "DHCPv4" n.dhcpV4Config
    + n.extraConfig;
  netdevText =
    n:
    print "NetDev" n.netdevConfig
    + print "VLAN" n.vlanConfig
    + print "Bridge" n.bridgeConfig
    + print "Bond" n.bondConfig
    + n.extraConfig;
  linkText =
    l:
    print "Match" l.matchConfig
    + "[Link]\n"
    + lib.concatStringsSep "\n" (lib.concatLists (lib.mapAttrsToList values l.linkConfig))
    + "\n"
    + l.extraConfig;
  units =
    suffix: text:
    lib.mapAttrs' (
      name: unit:
      lib.nameValuePair "${name}.${suffix}" {
        inherit (unit) enable;
        text = text unit;
      }
    );
in
{
  options.systemd.network = d.enable // {
    config = d.of (d.sub {
      networkConfig = section;
      dhcpV4Config = section;
      routeTables = d.set types.int;
      addRouteTablesToIPRoute2 = d.bool true;
    }) { };
    wait-online = {
      enable = d.bool true;
      anyInterface = d.bool false;
    };
    networks = d.many (
      common
      // {
        name = d.maybe types.str;
        networkConfig = section;
        dhcpV4Config = section;
        dhcpV6Config = section;
        DHCP = d.maybe types.str;
        address = d.list types.str;
        gateway = d.list types.str;
        dns = d.list types.str;
        domains = d.maybe (types.listOf types.str);
        vlan = d.list types.str;
        bridge = d.list types.str;
        bond = d.list types.str;
        routes = d.list types.attrs;
        addresses = d.list types.attrs;
      }
    );
    netdevs = d.many (
      common
      // {
        netdevConfig = section;
        vlanConfig = section;
        bridgeConfig = section;
        bondConfig = section;
      }
    );
    links = d.many common;
    units = d.many {
      enable = d.bool true;
      text = d.maybe types.str;
    };
  };

  # Every interface of the script-based network has one, empty as it mostly is.
  config.systemd.network.links = lib.mkIf (!config.networking.useNetworkd) (
    lib.mapAttrs' (
      _: interface:
      lib.nameValuePair "40-${interface.name}" { matchConfig.OriginalName = interface.name; }
    ) config.networking.interfaces
  );
  config.systemd.network.units =
    units "network" networkText cfg.networks
    // units "netdev" netdevText cfg.netdevs
    // units "link" linkText cfg.links;
}
