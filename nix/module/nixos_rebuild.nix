# The nixos-rebuild of an installed machine: without a flake, file or attribute it builds this host (see
# nixos_rebuild.sh), on PATH as in system.build, which system.autoUpgrade uses.
{ lib, config, options, pkgs, ... }:
let
  cfg = config.hypervisor.installed;
  file = toString ./nixos_rebuild.nix;

  # NixOS's own, whichever that is: the shell script up to 25.05, the one in Python since, or the owner's.
  # Read from the other definitions, because their names and options differ from release to release.
  others = lib.filter (definition: definition.file != file && definition.value ? nixos-rebuild)
    options.system.build.definitionsWithLocations;
  stock = (lib.mergeDefinitions [ "system" "build" "nixos-rebuild" ]
    (lib.types.uniq lib.types.unspecified)
    (map (definition: { inherit (definition) file; value = definition.value.nixos-rebuild; }) others)
  ).mergedValue;

  script = pkgs.writeShellScript "nixos-rebuild" ''
    stock=${stock}/bin/nixos-rebuild
    nix=${config.nix.package.out}/bin
    coreutils=${pkgs.coreutils}/bin
    jq=${pkgs.jq.bin or pkgs.jq}/bin
    record=/etc/hypervisor/configuration/host.json
    channels=/nix/var/nix/profiles/per-user/root/channels
    host=${lib.escapeShellArg cfg.host}
    search_path=${lib.escapeShellArg (lib.concatStringsSep ":" cfg.searchPath)}
    checkout=${lib.escapeShellArg (toString cfg.checkout)}
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
    meta = { mainProgram = "nixos-rebuild"; priority = -10; };
  };
  # Whether the owner wants one on PATH; later releases have a switch for each tool.
  wanted = config.system.tools.nixos-rebuild.enable or (config.nix.enable && !config.system.disableInstallerTools);
in
{
  _file = file;
  config = lib.mkIf (config.hypervisor.enable && cfg.host != null) {
    # Stronger than NixOS's plain definition; an owner's mkForce still wins.
    system.build.nixos-rebuild = lib.mkOverride 90 wrapper;
    environment.systemPackages = lib.optional wanted wrapper;
  };
}
