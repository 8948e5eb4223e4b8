{
  lib,
  config,
  ...
}:
let
  inherit (lib) types;
  d = import ../lib/declare.nix { inherit lib; };
in
{
  options = {
    i18n = {
      defaultLocale = d.str "en_US.UTF-8";
      extraLocaleSettings = d.set types.str;
      supportedLocales = d.of (types.listOf types.str) (
        lib.unique (
          map (l: if lib.hasInfix "." l then "${l}/UTF-8" else l) (
            [
              "C.UTF-8"
              "en_US.UTF-8"
              config.i18n.defaultLocale
            ]
            ++ lib.attrValues config.i18n.extraLocaleSettings
          )
        )
      );
      inputMethod.enabled = d.maybe types.str;
    };
    console = {
      enable = d.bool true;
      font = d.of (types.nullOr (types.either types.str types.path)) null;
      keyMap = d.of (types.either types.str types.path) "us";
      colors = d.list types.str;
      packages = d.list types.package;
      earlySetup = d.bool false;
      useXkbConfig = d.bool false;
    };
    time = {
      timeZone = d.maybe (types.addCheck types.str (text: !(lib.hasInfix " " text)));
      hardwareClockInLocalTime = d.bool false;
    };
    location = {
      provider = d.str "manual";
    };
  };

  config.environment.etc."locale.conf".text =
    "LANG=${config.i18n.defaultLocale}\n"
    + lib.concatStrings (lib.mapAttrsToList (n: v: "${n}=${v}\n") config.i18n.extraLocaleSettings);
}
