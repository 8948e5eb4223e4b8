# Two machines in QEMU: `machine` becomes a Hyper-NixOS host as it would at its owner's, operated from
# `client` over SSH: installed, checked, synced from the tests' GitHub server, rebuilt, undone. Run it:
#   nix build --print-build-logs .#checks.x86_64-linux.vm
# It needs KVM, and all that building a NixOS takes (some 15 GB of downloads): the machine builds its
# own systems without a network. It was evaluated with nixpkgs 24.05 and never run so far.
{
  pkgs,
  module,
  packages,
  # This tree, and the store path of the nixpkgs that its flake.lock pins: Nix finds it by that hash.
  source,
  nixpkgs,
}:
let
  # As near as can be to what the installer makes of the machine. Nobody runs it: it brings what
  # building the real one takes, so that only what differs is built there.
  expected = import (pkgs.path + "/nixos/lib/eval-config.nix") {
    system = null;
    modules = [
      module
      ./before.nix
      ./local.nix
      {
        nixpkgs.hostPlatform = pkgs.stdenv.hostPlatform.system;
        fileSystems."/" = {
          device = "/dev/disk/by-label/nixos";
          fsType = "ext4";
        };
        hypervisor.enable = true;
        hypervisor.operators = [ "alice" ];
        system.includeBuildDependencies = true;
      }
    ];
  };

  # Root's channel.
  channel = pkgs.linkFarm "channel" [
    {
      name = "nixos";
      path = nixpkgs;
    }
  ];
in
pkgs.testers.runNixOSTest {
  name = "hyper-nixos";

  nodes.machine = {
    imports = [ ./before.nix ];
    virtualisation = {
      cores = 2;
      memorySize = 4096;
      diskSize = 8 * 1024;
      # What is built goes to the disk, not into half of the memory.
      writableStoreUseTmpfs = false;
      # The address is the machine's own (before.nix), so that the installer finds it configured.
      vlans = [ ];
      interfaces.eth1 = {
        vlan = 1;
        assignIP = false;
      };
    };
    environment.systemPackages = [ packages.default ];
    system.extraDependencies = [
      nixpkgs
      channel
      "${source}"
      expected.config.system.build.toplevel
    ];
  };

  nodes.client = {
    environment.systemPackages = [ pkgs.sshpass ];
  };

  # Building systems in a virtual machine takes its time. Seconds.
  globalTimeout = 3 * 60 * 60;
  testScript = ''
    SOURCE = "${source}"
    BEFORE = "${./before.nix}"
    LOCAL = "${./local.nix}"
    CHANNEL = "${channel}"
    DENO = "${pkgs.deno}/bin/deno"
    GIT = "${pkgs.git}/bin"
  ''
  + builtins.readFile ./script.py;
}
