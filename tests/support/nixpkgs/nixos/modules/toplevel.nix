# The system itself: a small folder with the parts that tools look at, built by /bin/sh.
{
  lib,
  config,
  pkgs,
  options,
  extendModules,
  ...
}:
let
  inherit (lib) types;
  d = import ../lib/declare.nix { inherit lib; };
  failed = map (a: a.message) (lib.filter (a: !a.assertion) config.assertions);
  checked =
    value:
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (m: "- ${m}") failed}"
    else
      lib.foldr (w: lib.warn w) value config.warnings;

  etc = lib.filter (e: e.enable) (lib.attrValues config.environment.etc);
  shell = value: if value ? shellPath then "/run/current-system/sw${value.shellPath}" else value;
  facts = {
    inherit (config.networking) hostName;
    inherit (config.system) stateVersion;
    inherit (config.time) timeZone;
    locale = config.i18n.defaultLocale;
    system = pkgs.stdenv.hostPlatform.system;
    tcpPorts = config.networking.firewall.allowedTCPPorts;
    users = lib.mapAttrs (_: u: {
      inherit (u)
        uid
        group
        extraGroups
        home
        hashedPasswordFile
        isNormalUser
        ;
      shell = shell u.shell;
    }) (lib.filterAttrs (_: u: u.isNormalUser || u.uid == 0) config.users.users);
    fileSystems = lib.mapAttrs (_: f: { inherit (f) device fsType; }) config.fileSystems;
  };
in
{
  options.system = {
    build = d.of (types.lazyAttrsOf (types.uniq types.unspecified)) { };
    disableInstallerTools = d.bool false;
    stateVersion = d.str config.system.nixos.release;
    name = d.str (if config.networking.hostName == "" then "unnamed" else config.networking.hostName);
    configurationRevision = d.maybe types.str;
    extraSystemBuilderCmds = d.lines;
    extraDependencies = d.list types.package;
    includeBuildDependencies = d.bool false;
    switch.enable = d.bool true;
    nixos = {
      version = d.str lib.version;
      release = d.str lib.release;
      label = d.str lib.version;
      codeName = d.str "Standin";
      distroId = d.str "nixos";
      variant_id = d.maybe types.str;
    };
  };
  # Those of a specialisation are ignored.
  options.specialisation = d.many {
    configuration =
      d.of (extendModules { modules = [ { specialisation = lib.mkOverride 0 { }; } ]; }).type
        { };
  };
  options.meta = d.free;

  config = {
    warnings =
      lib.optional (options.system.stateVersion.highestPrio == 1500)
        "system.stateVersion is not set, defaulting to ${config.system.stateVersion}. Read why this matters on https://nixos.org/manual/nixos/stable/options.html#opt-system.stateVersion.";
    system.build.toplevel = checked (
      pkgs.runShell "nixos-system-${config.system.name}-${config.system.nixos.label}"
        {
          preferLocalBuild = true;
          allowSubstitutes = false;
          passAsFile = [
            "facts"
            "etc"
            "units"
          ];
          facts = builtins.toJSON facts;
          etc = lib.concatMapStrings (e: "${e.target}\t${e.source}\n") etc;
          units = lib.concatStrings (
            lib.mapAttrsToList (name: unit: "${name}\t${unit.unit}\n") (
              lib.filterAttrs (_: unit: unit.enable) config.systemd.units
            )
          );
          nixosVersion = config.system.nixos.label;
          platform = pkgs.stdenv.hostPlatform.system;
          kernel = config.boot.kernelPackages.kernel;
          specialisations = lib.concatStrings (
            lib.mapAttrsToList (
              name: child: "${name}\t${child.configuration.system.build.toplevel}\n"
            ) config.specialisation
          );
          kernelParams = toString config.boot.kernelParams;
          extraCommands = config.system.extraSystemBuilderCmds;
          sw = config.system.path;
        }
        ''
          mkdir -p $out/bin $out/etc/systemd/system
          cat "$factsPath" > $out/facts.json
          printf '%s' "$nixosVersion" > $out/nixos-version
          printf '%s' "$platform" > $out/system
          printf '%s' "$kernelParams" > $out/kernel-params
          ln -s $kernel/bzImage $out/kernel
          ln -s $kernel/initrd $out/initrd
          ln -s $kernel $out/kernel-modules
          ln -s $sw $out/sw
          while IFS="$(printf '\t')" read -r target source; do
            link="$out/etc/$target"
            [ -d "''${link%/*}" ] || mkdir -p "''${link%/*}"
            ln -s "$source" "$link"
          done < "$etcPath"
          mkdir $out/specialisation
          printf '%s' "$specialisations" |
            while IFS="$(printf '\t')" read -r name child; do ln -s "$child" "$out/specialisation/$name"; done
          while IFS="$(printf '\t')" read -r unit file; do ln -s "$file" "$out/etc/systemd/system/$unit"; done < "$unitsPath"
          sed "s|@out@|$out|" ${./switch-to-configuration.sh} > $out/bin/switch-to-configuration
          printf '#!/bin/sh\necho "stand-in init of %s"\n' "$out" > $out/init
          printf '#!/bin/sh\nexit 0\n' > $out/activate
          chmod +x $out/bin/switch-to-configuration $out/init $out/activate
          eval "$extraCommands"
        ''
    );
    system.build.nixos-rebuild = pkgs.nixos-rebuild;
    environment.systemPackages = lib.optional (
      config.nix.enable && !config.system.disableInstallerTools
    ) pkgs.nixos-rebuild;
    system.build.etc = config.system.build.toplevel;
    system.build.kernel = config.boot.kernelPackages.kernel;
    system.build.initialRamdisk = pkgs.writeText "initrd" (
      builtins.toJSON {
        inherit (config.boot.initrd) availableKernelModules kernelModules luks;
        fileSystems = lib.mapAttrs (_: f: { inherit (f) device fsType; }) config.fileSystems;
      }
    );
    system.build.installBootLoader = pkgs.writeShellScript "install-boot-loader" "exit 0";
  };
}
