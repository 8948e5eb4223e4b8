{
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) types;
  d = import ../lib/declare.nix { inherit lib; };
  value = types.nullOr (
    types.oneOf [
      types.bool
      types.int
      types.float
      types.str
      types.path
      types.package
    ]
  );
  job = d.bool false;
in
{
  options.nix = {
    enable = d.bool true;
    package = d.package pkgs.nix;
    nixPath = d.list types.str;
    extraOptions = d.lines;
    channel.enable = d.bool true;
    registry = d.free;
    buildMachines = d.list types.attrs;
    distributedBuilds = d.bool false;
    sshServe = d.enable;
    daemonCPUSchedPolicy = d.str "other";
    gc = {
      automatic = job;
      dates = d.of (types.either types.singleLineStr (types.listOf types.str)) "03:15";
      options = d.of types.singleLineStr "";
      persistent = d.bool true;
      randomizedDelaySec = d.str "0";
    };
    optimise = {
      automatic = job;
      dates = d.of (types.listOf types.str) [ "03:45" ];
    };
    settings = lib.mkOption {
      default = { };
      type = types.submodule {
        freeformType = types.attrsOf (types.either value (types.listOf value));
        options = {
          max-jobs = d.of (types.either types.int (types.enum [ "auto" ])) "auto";
          cores = d.int 0;
          auto-optimise-store = d.bool false;
          sandbox = d.of (types.either types.bool (types.enum [ "relaxed" ])) true;
          require-sigs = d.bool true;
          substituters = d.list types.str;
          trusted-public-keys = d.list types.str;
          trusted-substituters = d.list types.str;
          trusted-users = d.list types.str;
          allowed-users = d.of (types.listOf types.str) [ "*" ];
          system-features = d.list types.str;
        };
      };
    };
  };
  config.nix.settings = {
    substituters = lib.mkAfter [ "https://cache.nixos.org/" ];
    trusted-users = [ "root" ];
  };
  config.systemd.services.nix-daemon = { };
  config.systemd.sockets.nix-daemon.wantedBy = [ "sockets.target" ];
}
