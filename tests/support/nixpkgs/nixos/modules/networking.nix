{ lib, config, ... }:
let
  inherit (lib) mkIf mkOption types;
  d = import ../lib/declare.nix { inherit lib; };
  cfg = config.networking;
  address = d.sub {
    address = d.required types.str;
    prefixLength = d.required types.ints.unsigned;
  };
  route = d.sub {
    address = d.required types.str;
    prefixLength = d.required types.ints.unsigned;
    type = d.maybe types.str;
    via = d.maybe types.str;
    options = d.set types.str;
  };
  gateway = d.of (types.nullOr (
    types.coercedTo types.str (address: { inherit address; }) (
      d.sub {
        address = d.required types.str;
        interface = d.maybe types.str;
        metric = d.maybe types.int;
      }
    )
  )) null;
in
{
  options.networking = {
    hostName = mkOption {
      type = types.strMatching "^$|^[[:alnum:]]([[:alnum:]_-]{0,61}[[:alnum:]])?$";
      default = "nixos";
    };
    domain = d.maybe types.str;
    fqdn = mkOption {
      type = types.str;
      default =
        if cfg.domain == null then
          throw "networking.fqdn needs networking.domain"
        else
          "${cfg.hostName}.${cfg.domain}";
    };
    hostId = d.maybe types.str;
    hosts = d.set (types.listOf types.str);
    extraHosts = d.lines;
    enableIPv6 = d.bool true;
    useDHCP = d.bool true;
    useHostResolvConf = d.bool false;
    useNetworkd = d.bool false;
    usePredictableInterfaceNames = d.bool true;
    nameservers = d.list types.str;
    search = d.list types.str;
    timeServers = d.list types.str;
    resolvconf = {
      enable = d.bool true;
      useLocalResolver = d.bool false;
    };
    defaultGateway = gateway;
    defaultGateway6 = gateway;
    localCommands = d.lines;
    interfaces = d.set (
      types.submodule (
        { name, ... }: {
          options = {
            name = d.str name;
            useDHCP = d.maybe types.bool;
            tempAddress = d.str "default";
            ipv4 = {
              addresses = d.list address;
              routes = d.list route;
            };
            ipv6 = {
              addresses = d.list address;
              routes = d.list route;
            };
            macAddress = d.maybe types.str;
            mtu = d.maybe types.int;
            virtual = d.bool false;
            virtualOwner = d.str "root";
            virtualType = d.str (if lib.hasPrefix "tun" name then "tun" else "tap");
            wakeOnLan = d.enable;
          };
        }
      )
    );
    bridges = d.many {
      interfaces = d.required (types.listOf types.str);
      rstp = d.bool false;
    };
    bonds = d.many {
      interfaces = d.required (types.listOf types.str);
      driverOptions = d.set types.str;
    };
    vlans = d.many {
      id = d.required types.int;
      interface = d.required types.str;
    };
    wireless = d.enable // {
      networks = d.free;
      interfaces = d.list types.str;
    };
    networkmanager = d.enable // {
      ensureProfiles = {
        profiles = d.set (types.attrsOf types.anything);
        environmentFiles = d.list types.path;
      };
      unmanaged = d.list types.str;
      dns = d.str "default";
      wifi.powersave = d.maybe types.bool;
    };
    dhcpcd = {
      enable = d.bool true;
      extraConfig = d.lines;
      persistent = d.bool false;
      denyInterfaces = d.list types.str;
    };
    wireguard = d.enable // {
      interfaces = d.free;
    };
    proxy.default = d.maybe types.str;
  };
  options.services.resolved = d.enable // {
    dnssec = d.str "allow-downgrade";
    fallbackDns = d.maybe (types.listOf types.str);
    domains = d.list types.str;
    extraConfig = d.lines;
  };
  options.services.unbound = d.enable // {
    resolveLocalQueries = d.bool true;
    settings = d.free;
  };
  options.services.cloud-init = d.enable // {
    network.enable = d.bool false;
    settings = d.free;
  };

  config = {
    assertions = [
      {
        assertion =
          cfg.networkmanager.enable -> !cfg.wireless.enable || cfg.networkmanager.unmanaged != [ ];
        message = "You can not use networking.networkmanager with networking.wireless.";
      }
      {
        assertion = cfg.defaultGateway != null && cfg.useNetworkd -> cfg.defaultGateway.interface != null;
        message = "networking.defaultGateway.interface is not optional when using networkd.";
      }
    ];
    networking.resolvconf.useLocalResolver = mkIf (
      config.services.unbound.enable && config.services.unbound.resolveLocalQueries
    ) (lib.mkDefault true);
    networking.hosts."127.0.0.2" = mkIf (cfg.hostName != "") [ cfg.hostName ];
    networking.dhcpcd.enable = mkIf (cfg.useNetworkd || cfg.networkmanager.enable) (
      lib.mkDefault false
    );
    networking.useDHCP = mkIf cfg.networkmanager.enable false;
    users.groups = mkIf cfg.networkmanager.enable { networkmanager.gid = 57; };
    systemd.network.enable = mkIf cfg.useNetworkd (lib.mkDefault true);
    services.resolved.enable = mkIf cfg.useNetworkd (lib.mkDefault true);
    systemd.services = lib.mkMerge [
      (mkIf (cfg.useDHCP && cfg.dhcpcd.enable) { dhcpcd.wantedBy = [ "multi-user.target" ]; })
      (mkIf cfg.networkmanager.enable { NetworkManager.wantedBy = [ "multi-user.target" ]; })
      (mkIf config.services.cloud-init.enable { cloud-init.wantedBy = [ "multi-user.target" ]; })
      (mkIf config.services.resolved.enable { systemd-resolved.wantedBy = [ "multi-user.target" ]; })
      (mkIf config.systemd.network.enable { systemd-networkd.wantedBy = [ "multi-user.target" ]; })
      (lib.mapAttrs' (
        name: _: lib.nameValuePair "${name}-netdev" { wantedBy = [ "network-setup.service" ]; }
      ) (cfg.bridges // lib.filterAttrs (_: interface: interface.virtual) cfg.interfaces))
      (mkIf (cfg.networkmanager.enable && cfg.networkmanager.ensureProfiles.profiles != { }) {
        NetworkManager-ensure-profiles.wantedBy = [ "multi-user.target" ];
      })
      (mkIf config.services.unbound.enable { unbound.wantedBy = [ "multi-user.target" ]; })
    ];
  };
}
