# A nixos-rebuild that builds this host where no flake, file or attribute is named (see nixos_rebuild.sh), on
# PATH as in system.build, which system.autoUpgrade uses: a part of a configuration. It is installed beside
# the host of a published tree, too.
#   file: the _file of the module that has this in its configuration
#   host: the attribute of nixosConfigurations
#   folder: the machine path of the folder that holds this host's flake.nix
#   arguments: with which that flake is built
#   hardware: the machine path of the hardware file that the folder has a copy of
#   searchPath, checkout: of an owner's configuration below it
{
  lib,
  config,
  options,
  pkgs,
  file,
  host,
  folder,
  arguments,
  hardware ? null,
  searchPath ? [ ],
  checkout ? null,
}:
let
  # NixOS's own, whichever that is: the shell script up to 25.05, the one in Python since, or the owner's.
  # Read from the other definitions, because their names and options differ from release to release.
  others = lib.filter (
    definition: definition.file != file && definition.value ? nixos-rebuild
  ) options.system.build.definitionsWithLocations;
  stock =
    (lib.mergeDefinitions [ "system" "build" "nixos-rebuild" ] (lib.types.uniq lib.types.unspecified) (
      map (definition: {
        inherit (definition) file;
        value = definition.value.nixos-rebuild;
      }) others
    )).mergedValue;

  script = pkgs.writeShellScript "nixos-rebuild" ''
    stock=${stock}/bin/nixos-rebuild
    nix=${config.nix.package.out}/bin
    coreutils=${pkgs.coreutils}/bin
    jq=${pkgs.jq.bin or pkgs.jq}/bin
    record=/etc/hypervisor/configuration/host.json
    channels=/nix/var/nix/profiles/per-user/root/channels
    host=${lib.escapeShellArg host}
    folder=${lib.escapeShellArg folder}
    flake_arguments=(${lib.escapeShellArgs arguments})
    hardware=${lib.escapeShellArg (toString hardware)}
    search_path=${lib.escapeShellArg (lib.concatStringsSep ":" searchPath)}
    checkout=${lib.escapeShellArg (toString checkout)}
    ${builtins.readFile ./nixos_rebuild.sh}
  '';
  # With the manual page and the completions of the stock one.
  wrapper = pkgs.symlinkJoin {
    name = "nixos-rebuild";
    paths = [ stock ];
    postBuild = ''
      rm $out/bin/nixos-rebuild
      ln -s ${script} $out/bin/nixos-rebuild
    '';
    # Where NixOS puts the stock one on PATH as well, this one is found.
    meta = {
      mainProgram = "nixos-rebuild";
      priority = -10;
    };
  };
  # Whether the owner wants one on PATH; later releases have a switch for each tool.
  wanted =
    config.system.tools.nixos-rebuild.enable
      or (config.nix.enable && !config.system.disableInstallerTools);
in
{
  # Stronger than NixOS's plain definition; an owner's mkForce still wins.
  system.build.nixos-rebuild = lib.mkOverride 90 wrapper;
  environment.systemPackages = lib.optional wanted wrapper;
}
