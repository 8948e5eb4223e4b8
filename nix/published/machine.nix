# What an installation adds to a published tree: the five tools, a nixos-rebuild that builds this host, and
# the link in /etc/nixos. Written by system-installer. Do not edit: your own settings belong into local.nix.
# It sets no option that the tree may have too.
{
  lib,
  config,
  options,
  pkgs,
  ...
}:
let
  host = import ./host.nix;
  folder = "/etc/hypervisor/host";
  file = toString ./machine.nix;

  # A store path that a garbage-collection root keeps.
  tools = {
    outPath = builtins.appendContext host.tools { ${host.tools}.path = true; };
    type = "derivation";
    name = "hyper-nixos-tools";
  };
in
{
  _file = file;
  config = lib.mkMerge [
    {
      nixpkgs.hostPlatform = lib.mkOverride 1200 host.system;
      environment.systemPackages = lib.optional (host.tools != null) tools;
      # Those of a package do not need it.
      systemd.tmpfiles.settings.hyper-nixos = lib.mkIf (host.tools != null) (
        import ./kit_loader.nix { inherit lib pkgs; }
      );
    }
    (import ./rebuild_wrapper.nix {
      inherit
        lib
        config
        options
        pkgs
        file
        folder
        ;
      host = host.hostName;
      hardware = "/etc/nixos/hardware-configuration.nix";
      # The tree fails with --impure; it is always taken as it is now.
      arguments = [
        "--override-input"
        "tree"
        "path:/etc/hypervisor/src"
      ];
    })
    (lib.mkIf host.flakeLink (import ./flake_link.nix { inherit lib config folder; }))
  ];
}
