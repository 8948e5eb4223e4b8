{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) types;
  d = import ../lib/declare.nix { inherit lib; };
in
{
  options.environment = {
    systemPackages = d.list types.package;
    defaultPackages = d.list types.package;
    variables = d.set (types.either types.str (types.listOf types.str));
    sessionVariables = d.set (types.either types.str (types.listOf types.str));
    shellAliases = d.set (types.nullOr types.str);
    shells = d.list (types.either types.shellPackage types.path);
    pathsToLink = d.list types.str;
    extraInit = d.lines;
    interactiveShellInit = d.lines;
    etc = d.set (
      types.submodule (
        { name, config, ... }: {
          options = {
            enable = d.bool true;
            target = d.str name;
            text = d.maybe types.lines;
            source = d.required types.path;
            mode = d.str "symlink";
            uid = d.int 0;
            gid = d.int 0;
            user = d.str "root";
            group = d.str "root";
          };
          config.source = lib.mkIf (config.text != null) (
            lib.mkDefault (pkgs.writeText "etc-${baseNameOf name}" config.text)
          );
        }
      )
    );
  };

  options.system = {
    fsPackages = d.list types.package;
    path = d.package (
      pkgs.buildEnv {
        name = "system-path";
        paths = config.environment.systemPackages;
      }
    );
    activationScripts = d.set (
      types.either types.str (
        d.sub {
          deps = d.list types.str;
          text = d.lines;
          supportsDryActivation = d.bool false;
        }
      )
    );
    userActivationScripts = d.of (types.attrsOf types.unspecified) { };
  };

  config.environment.systemPackages = [
    pkgs.bashInteractive
    pkgs.coreutils
    pkgs.nix
  ]
  ++ config.system.fsPackages;
  config.environment.etc."hostname" = lib.mkIf (config.networking.hostName != "") {
    text = config.networking.hostName + "\n";
  };
}
