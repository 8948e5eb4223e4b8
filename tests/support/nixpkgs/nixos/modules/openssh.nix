{ lib, config, ... }:
let
  inherit (lib) mkIf mkOption types;
  d = import ../lib/declare.nix { inherit lib; };
  cfg = config.services.openssh;
  names = d.maybe (types.listOf types.str);
  algorithms = d.of (types.nullOr (types.listOf types.str));
in
{
  options.services.openssh = d.enable // {
    startWhenNeeded = d.bool false;
    allowSFTP = d.bool true;
    sftpFlags = d.list types.str;
    openFirewall = d.bool true;
    ports = d.of (types.listOf types.port) [ 22 ];
    listenAddresses = d.list (
      d.sub {
        addr = d.maybe types.str;
        port = d.maybe types.int;
      }
    );
    banner = d.maybe types.lines;
    authorizedKeysFiles = d.list types.str;
    authorizedKeysCommand = d.str "none";
    authorizedKeysCommandUser = d.str "nobody";
    extraConfig = d.lines;
    knownHosts = d.free;
    hostKeys = d.of (types.listOf types.attrs) [
      {
        type = "rsa";
        bits = 4096;
        path = "/etc/ssh/ssh_host_rsa_key";
      }
      {
        type = "ed25519";
        path = "/etc/ssh/ssh_host_ed25519_key";
      }
    ];
    settings = mkOption {
      default = { };
      type = types.submodule {
        freeformType = types.attrsOf (
          types.nullOr (
            types.oneOf [
              types.bool
              types.int
              types.str
              (types.listOf types.str)
            ]
          )
        );
        options = {
          AuthorizedPrincipalsFile = d.of (types.nullOr types.str) "none";
          PrintMotd = d.bool false;
          LogLevel = d.str "INFO";
          UsePAM = d.bool true;
          UseDns = d.bool false;
          X11Forwarding = d.bool false;
          PasswordAuthentication = d.bool true;
          KbdInteractiveAuthentication = d.bool true;
          PermitRootLogin = d.of (types.enum [
            "yes"
            "without-password"
            "prohibit-password"
            "forced-commands-only"
            "no"
          ]) "prohibit-password";
          GatewayPorts = d.str "no";
          StrictModes = d.bool true;
          KexAlgorithms = algorithms [
            "sntrup761x25519-sha512@openssh.com"
            "curve25519-sha256"
            "diffie-hellman-group-exchange-sha256"
          ];
          Macs = algorithms [
            "hmac-sha2-512-etm@openssh.com"
            "hmac-sha2-256-etm@openssh.com"
          ];
          Ciphers = algorithms [
            "chacha20-poly1305@openssh.com"
            "aes256-gcm@openssh.com"
            "aes128-ctr"
          ];
          AllowUsers = names;
          DenyUsers = names;
          AllowGroups = names;
          DenyGroups = names;
        };
      };
    };
  };

  config = mkIf cfg.enable {
    users.users.sshd = {
      isSystemUser = true;
      group = "sshd";
      description = "SSH privilege separation user";
    };
    users.groups.sshd = { };
    services.openssh.authorizedKeysFiles = [
      "%h/.ssh/authorized_keys"
      "/etc/ssh/authorized_keys.d/%u"
    ];
    networking.firewall.allowedTCPPorts = lib.optionals cfg.openFirewall cfg.ports;
    systemd.services =
      if cfg.startWhenNeeded then { "sshd@" = { }; } else { sshd.wantedBy = [ "multi-user.target" ]; };
    systemd.sockets = mkIf cfg.startWhenNeeded { sshd.wantedBy = [ "sockets.target" ]; };
    environment.etc =
      lib.mapAttrs'
        (
          name: user:
          lib.nameValuePair "ssh/authorized_keys.d/${name}" {
            mode = "0444";
            text = lib.concatStringsSep "\n" (
              user.openssh.authorizedKeys.keys ++ map lib.fileContents user.openssh.authorizedKeys.keyFiles
            );
          }
        )
        (
          lib.filterAttrs (
            _: user: user.openssh.authorizedKeys.keys != [ ] || user.openssh.authorizedKeys.keyFiles != [ ]
          ) config.users.users
        );
    assertions = lib.flip map cfg.listenAddresses (
      { addr, ... }: {
        assertion = addr != null;
        message = "addr must be specified in each listenAddresses entry";
      }
    );
  };
}
