# This machine, made of the Hyper-NixOS in /etc/hypervisor/src and of the modules beside this file.
# Written by system-installer. Do not edit: your own settings belong into local.nix.
# Everything in this folder is copied to the Nix store, which everybody can read.
{
  description = "This machine: Hyper-NixOS with the machine's own settings";

  # rebuild-helper and this host's nixos-rebuild always take the tree as it is now.
  inputs.tree = {
    url = "path:/etc/hypervisor/src";
    flake = false;
  };

  outputs =
    { tree, ... }:
    let
      host = import ./host.nix;
      lock = builtins.fromJSON (builtins.readFile "${tree}/flake.lock");
      source = builtins.fetchTree lock.nodes.${lock.nodes.${lock.root}.inputs.nixpkgs}.locked;
      nixpkgs = source // (import "${source}/flake.nix").outputs { self = nixpkgs; };
    in
    {
      nixosConfigurations.${host.hostName} = nixpkgs.lib.nixosSystem {
        modules = [
          "${tree}/configuration.nix"
          ./hardware-configuration.nix
          ./hardware-local.nix
          ./users-local.nix
          ./system-local.nix
          ./machine.nix
        ]
        ++ (if builtins.pathExists ./local.nix then [ ./local.nix ] else [ ]);
      };
    };
}
