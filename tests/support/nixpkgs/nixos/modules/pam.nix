# The stacks of /etc/pam.d that decide who gets in, with the modules and controls of NixOS 24.05.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkDefault types;
  d = import ../lib/declare.nix { inherit lib; };
  optional = condition: line: lib.optionalString condition (line + "\n");
  inPackage = package: module: "${package}/lib/security/${module}.so";
  service =
    { name, config, ... }:
    let
      unix = " likeauth${lib.optionalString config.allowNullPassword " nullok"}";
      # What runs after the password is known asks for it once before.
      early = config.unixAuth && (config.googleAuthenticator.enable || config.duoSecurity.enable);
    in
    {
      options = {
        name = d.str name;
        unixAuth = d.bool true;
        rootOK = d.bool false;
        requireWheel = d.bool false;
        allowNullPassword = d.bool false;
        logFailures = d.bool false;
        startSession = d.bool false;
        showMotd = d.bool false;
        sshAgentAuth = d.bool false;
        u2fAuth = d.bool false;
        oathAuth = d.bool false;
        yubicoAuth = d.bool false;
        googleAuthenticator = d.enable;
        duoSecurity = d.enable;
        text = lib.mkOption { type = types.nullOr types.lines; };
      };
      config.text = mkDefault (
        "# Account management.\naccount required pam_unix.so # unix (order 10900)\n\n# Authentication management.\n"
        + optional config.rootOK "auth sufficient pam_rootok.so # rootok (order 10200)"
        + optional config.requireWheel "auth required pam_wheel.so use_uid # wheel (order 10300)"
        + optional config.logFailures "auth required pam_faillock.so # faillock (order 10400)"
        + optional config.u2fAuth "auth sufficient ${inPackage pkgs.hello "pam_u2f"} # u2f (order 10800)"
        + optional config.oathAuth "auth requisite ${inPackage pkgs.hello "pam_oath"} digits=6 window=5 # oath (order 11000)"
        + optional config.yubicoAuth "auth sufficient ${inPackage pkgs.hello "pam_yubico"} # yubico (order 11100)"
        + optional early "auth optional pam_unix.so${unix} # unix-early (order 11500)"
        +
          optional (early && config.googleAuthenticator.enable)
            "auth required ${inPackage pkgs.hello "pam_google_authenticator"} no_increment_hotp # google_authenticator (order 12500)"
        + optional (
          early && config.duoSecurity.enable
        ) "auth required ${inPackage pkgs.hello "pam_duo"} # duo (order 12600)"
        + optional config.unixAuth "auth sufficient pam_unix.so${unix} try_first_pass # unix (order 12800)"
        + "auth required pam_deny.so # deny (order 13600)\n\n# Session management.\nsession required pam_unix.so # unix (order 10200)\n"
      );
    };
in
{
  options.security.pam.services = d.set (types.submodule service);

  config = {
    security.pam.services = {
      other.text = "auth required pam_deny.so\naccount required pam_deny.so\n";
      login = {
        startSession = true;
        allowNullPassword = true;
        showMotd = true;
      };
      su = {
        rootOK = true;
        logFailures = true;
      };
      sudo = lib.mkIf config.security.sudo.enable { sshAgentAuth = true; };
      doas = lib.mkIf config.security.doas.enable {
        allowNullPassword = true;
        sshAgentAuth = true;
      };
      sshd = lib.mkIf (config.services.openssh.enable && config.services.openssh.settings.UsePAM) {
        startSession = true;
        showMotd = true;
        unixAuth = config.services.openssh.settings.PasswordAuthentication;
      };
    };
    environment.etc = lib.mapAttrs' (
      name: service:
      lib.nameValuePair "pam.d/${name}" { source = pkgs.writeText "${name}.pam" service.text; }
    ) config.security.pam.services;
  };
}
