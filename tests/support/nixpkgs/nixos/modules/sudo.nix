{ lib, config, ... }:
let
  inherit (lib) mkIf mkOrder types;
  d = import ../lib/declare.nix { inherit lib; };
  cfg = config.security.sudo;
  command = types.either types.str (
    d.sub {
      command = d.required types.str;
      options = d.list (
        types.enum [
          "NOPASSWD"
          "PASSWD"
          "NOEXEC"
          "EXEC"
          "SETENV"
          "NOSETENV"
          "LOG_INPUT"
          "NOLOG_INPUT"
          "LOG_OUTPUT"
          "NOLOG_OUTPUT"
        ]
      );
    }
  );
  rule = d.sub {
    users = d.list (types.either types.str types.int);
    groups = d.list (types.either types.str types.int);
    host = d.str "ALL";
    runAs = d.str "ALL:ALL";
    commands = d.list command;
  };
  id =
    prefix: value: if builtins.isInt value then "${prefix}#${toString value}" else "${prefix}${value}";
  printCommand =
    c: if builtins.isString c then c else lib.concatMapStrings (o: "${o}:") c.options + " " + c.command;
  printRule =
    r:
    lib.concatMapStrings (
      who: "${who}\t${r.host}=(${r.runAs})\t${lib.concatMapStringsSep ", " printCommand r.commands}\n"
    ) (map (id "") r.users ++ map (id "%") r.groups);
in
{
  options.security.sudo = {
    enable = d.bool true;
    wheelNeedsPassword = d.bool true;
    execWheelOnly = d.bool false;
    keepTerminfo = d.bool true;
    extraConfig = d.lines;
    extraRules = d.list rule;
    configFile = d.lines;
  };
  options.security.sudo-rs = d.enable // {
    wheelNeedsPassword = d.bool true;
    extraRules = d.list rule;
    execWheelOnly = d.bool false;
  };
  options.security.doas = d.enable // {
    wheelNeedsPassword = d.bool true;
    extraRules = d.free // {
      type = types.listOf types.attrs;
      default = [ ];
    };
  };
  options.security.wrappers = d.free;

  config = mkIf cfg.enable {
    security.sudo.extraRules = lib.mkMerge [
      (mkOrder 400 [
        {
          users = [ "root" ];
          commands = [
            {
              command = "ALL";
              options = [ "SETENV" ];
            }
          ];
        }
      ])
      (mkOrder 600 [
        {
          groups = [ "wheel" ];
          commands = [
            {
              command = "ALL";
              options = [ "SETENV" ] ++ lib.optional (!cfg.wheelNeedsPassword) "NOPASSWD";
            }
          ];
        }
      ])
    ];
    security.sudo.configFile =
      lib.concatMapStrings printRule (lib.filter (r: r.commands != [ ]) cfg.extraRules) + cfg.extraConfig;
    environment.etc.sudoers = {
      text = cfg.configFile;
      mode = "0440";
    };
    assertions = [
      {
        assertion = !config.security.sudo-rs.enable;
        message = "`security.sudo` and `security.sudo-rs` cannot both be enabled";
      }
    ];
  };
}
