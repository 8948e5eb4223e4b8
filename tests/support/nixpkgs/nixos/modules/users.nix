{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib)
    mkDefault
    mkIf
    mkMerge
    mkOption
    types
    ;
  d = import ../lib/declare.nix { inherit lib; };
  cfg = config.users;

  userModule = { name, config, ... }: {
    options = {
      enable = d.bool true;
      name = mkOption { type = types.passwdEntry types.str; };
      description = d.of (types.passwdEntry types.str) "";
      uid = d.maybe types.int;
      isSystemUser = d.bool false;
      isNormalUser = d.bool false;
      group = d.str "";
      extraGroups = d.list types.str;
      home = d.of (types.passwdEntry types.path) "/var/empty";
      homeMode = d.of (types.strMatching "[0-7]{1,5}") "700";
      createHome = d.bool false;
      shell = d.of (types.nullOr (types.either types.shellPackage (types.passwdEntry types.path))) pkgs.shadow;
      useDefaultShell = d.bool false;
      ignoreShellProgramCheck = d.bool false;
      password = d.maybe types.str;
      hashedPassword = d.maybe (types.passwdEntry types.str);
      hashedPasswordFile = d.of (types.nullOr types.str) config.passwordFile;
      passwordFile = d.maybe types.str;
      initialPassword = d.maybe types.str;
      initialHashedPassword = d.maybe (types.passwdEntry types.str);
      expires = d.maybe types.str;
      linger = d.bool false;
      packages = d.list types.package;
      autoSubUidGidRange = d.bool false;
      subUidRanges = d.list types.attrs;
      subGidRanges = d.list types.attrs;
      cryptHomeLuks = d.maybe types.str;
      pamMount = d.free;
      openssh.authorizedKeys = {
        keys = d.list types.singleLineStr;
        keyFiles = d.list types.path;
      };
    };
    config = mkMerge [
      {
        name = mkDefault name;
        shell = mkIf config.useDefaultShell (mkDefault cfg.defaultUserShell);
      }
      (mkIf config.isNormalUser {
        group = mkDefault "users";
        createHome = mkDefault true;
        home = mkDefault "/home/${config.name}";
        useDefaultShell = mkDefault true;
        isSystemUser = mkDefault false;
        autoSubUidGidRange = mkDefault true;
      })
      (mkIf (!cfg.mutableUsers && config.initialHashedPassword != null) {
        hashedPassword = mkDefault config.initialHashedPassword;
      })
      (mkIf (!cfg.mutableUsers && config.initialPassword != null) {
        password = mkDefault config.initialPassword;
      })
    ];
  };

  groupModule = { name, config, ... }: {
    options = {
      name = mkOption { type = types.passwdEntry types.str; };
      gid = d.maybe types.int;
      members = d.list (types.passwdEntry types.str);
    };
    config.name = mkDefault name;
    config.members = map (u: u.name) (
      lib.filter (u: lib.elem config.name u.extraGroups) (lib.attrValues cfg.users)
    );
  };

  enabled = lib.filterAttrs (_: u: u.enable) cfg.users;
  duplicates =
    values:
    let
      all = lib.filter (v: v != null) values;
    in
    lib.unique (lib.filter (v: lib.count (w: w == v) all > 1) all);
  opens =
    user:
    user.hashedPasswordFile != null
    || user.password != null
    || user.hashedPassword != null && user.hashedPassword != "!" && user.hashedPassword != "*"
    || user.openssh.authorizedKeys.keys != [ ]
    || user.openssh.authorizedKeys.keyFiles != [ ];
in
{
  options.users = {
    mutableUsers = d.bool true;
    enforceIdUniqueness = d.bool true;
    allowNoPasswordLogin = d.bool false;
    manageLingering = d.bool true;
    defaultUserHome = d.str "/home";
    defaultUserShell = d.of (types.either types.shellPackage types.path) pkgs.bashInteractive;
    users = d.set (types.submodule userModule);
    groups = d.set (types.submodule groupModule);
    motd = d.maybe types.lines;
  };

  config = {
    users.users = {
      root = {
        uid = 0;
        description = "System administrator";
        home = "/root";
        shell = mkDefault cfg.defaultUserShell;
        group = "root";
        initialHashedPassword = mkDefault "!";
      };
      nobody = {
        uid = 65534;
        isSystemUser = true;
        description = "Unprivileged account (don't use!)";
        group = "nogroup";
      };
      messagebus = {
        uid = 4;
        description = "D-Bus system message bus daemon user";
        home = "/run/dbus";
        group = "messagebus";
      };
      systemd-network = {
        uid = 152;
        group = "systemd-network";
      };
      systemd-resolve = {
        uid = 153;
        group = "systemd-resolve";
      };
      systemd-timesync = {
        uid = 154;
        group = "systemd-timesync";
      };
    }
    // lib.listToAttrs (
      map (
        n:
        lib.nameValuePair "nixbld${toString n}" {
          uid = 30000 + n;
          isSystemUser = true;
          group = "nixbld";
          extraGroups = [ "nixbld" ];
          description = "Nix build user ${toString n}";
        }
      ) (lib.range 1 10)
    );
    users.groups = lib.mapAttrs (_: gid: { inherit gid; }) {
      root = 0;
      wheel = 1;
      kmem = 2;
      tty = 3;
      messagebus = 4;
      disk = 6;
      audio = 17;
      floppy = 18;
      uucp = 19;
      lp = 20;
      cdrom = 24;
      tape = 25;
      video = 26;
      dialout = 27;
      utmp = 29;
      adm = 55;
      users = 100;
      input = 174;
      systemd-network = 152;
      systemd-resolve = 153;
      systemd-timesync = 154;
      systemd-journal = 62;
      kvm = 302;
      render = 303;
      sgx = 304;
      shadow = 318;
      nixbld = 30000;
      nogroup = 65534;
    };
    environment.etc.shells.text = "/run/current-system/sw/bin/bash\n";

    assertions = [
      {
        assertion = !cfg.enforceIdUniqueness || duplicates (map (u: u.uid) (lib.attrValues enabled)) == [ ];
        message = "UIDs and GIDs must be unique! (${
          toString (duplicates (map (u: u.uid) (lib.attrValues enabled)))
        })";
      }
      {
        assertion =
          !cfg.enforceIdUniqueness || duplicates (map (g: g.gid) (lib.attrValues cfg.groups)) == [ ];
        message = "UIDs and GIDs must be unique! (${
          toString (duplicates (map (g: g.gid) (lib.attrValues cfg.groups)))
        })";
      }
      {
        assertion =
          cfg.mutableUsers
          || cfg.allowNoPasswordLogin
          || lib.any (u: opens u && (u.uid == 0 || lib.elem "wheel" u.extraGroups || u.group == "wheel")) (
            lib.attrValues enabled
          );
        message = "Neither the root account nor any wheel user has a password or SSH authorized key. You must set one to prevent being locked out of your system. If you really want to be locked out of your system, set users.allowNoPasswordLogin = true;";
      }
    ]
    ++ lib.concatLists (
      lib.mapAttrsToList (
        name: u:
        [
          {
            assertion = (u.isSystemUser || u.uid != null && u.uid < 1000) != u.isNormalUser;
            message = "Exactly one of users.users.${name}.isSystemUser and users.users.${name}.isNormalUser must be set.";
          }
          {
            assertion = u.group != "";
            message = "users.users.${name}.group is unset. This used to default to nogroup, but this is unsafe.";
          }
          {
            assertion = builtins.stringLength u.name < 32;
            message = "Username '${u.name}' is longer than 31 characters which is not allowed!";
          }
        ]
        ++
          map
            (shell: {
              assertion =
                !u.ignoreShellProgramCheck -> u.shell == pkgs.${shell} -> config.programs.${shell}.enable;
              message = "users.users.${name}.shell is set to ${shell}, but programs.${shell}.enable is not true. This will cause the ${shell} shell to lack the basic nix directories in its PATH and might make logging in as that user impossible.";
            })
            [
              "zsh"
              "fish"
            ]
      ) enabled
    );
  };
}
