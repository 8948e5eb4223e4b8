{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf types;
  d = import ../lib/declare.nix { inherit lib; };
  cfg = config.virtualisation.libvirtd;
in
{
  options.virtualisation = {
    libvirtd = d.enable // {
      package = d.package pkgs.libvirt;
      extraConfig = d.lines;
      extraOptions = d.list types.str;
      onBoot = d.of (types.enum [
        "start"
        "ignore"
      ]) "start";
      onShutdown = d.of (types.enum [
        "shutdown"
        "suspend"
      ]) "suspend";
      parallelShutdown = d.int 0;
      shutdownTimeout = d.int 300;
      startDelay = d.int 0;
      allowedBridges = d.of (types.listOf types.str) [ "virbr0" ];
      qemu = {
        package = d.package pkgs.qemu;
        runAsRoot = d.bool true;
        verbatimConfig = d.of types.lines "namespaces = []\n";
        swtpm = d.enable;
        ovmf = {
          enable = d.bool true;
          packages = d.list types.package;
        };
        vhostUserPackages = d.list types.package;
      };
    };
    spiceUSBRedirection = d.enable;
    hypervGuest = d.enable;
    vmware.guest = d.enable;
    virtualbox.guest = d.enable;
    docker = d.enable;
    podman = d.enable;
    vmVariant = d.of types.raw { };
    # Of machines in tests (qemu-vm.nix).
    cores = d.int 1;
    memorySize = d.int 1024;
    diskSize = d.int 1024;
    vlans = d.of (types.listOf types.int) [ 1 ];
    interfaces = d.free;
    writableStoreUseTmpfs = d.bool true;
  };
  options.programs.virt-manager = d.enable;

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = config.security.polkit.enable;
        message = "The libvirtd module currently requires Polkit to be enabled ('security.polkit.enable = true').";
      }
    ];
    environment.systemPackages = [
      cfg.package
      cfg.qemu.package
    ];
    boot.kernelModules = [ "tun" ];
    security.polkit.enable = true;
    users.groups.libvirtd.gid = 67;
    users.groups.qemu-libvirtd.gid = 301;
    users.users.qemu-libvirtd = {
      uid = 301;
      isNormalUser = false;
      isSystemUser = true;
      group = "qemu-libvirtd";
    };
    systemd.services.libvirtd = {
      wantedBy = [ "multi-user.target" ];
    };
    systemd.services.libvirt-guests = {
      wantedBy = [ "multi-user.target" ];
    };
    systemd.sockets.virtlogd.wantedBy = [ "sockets.target" ];
  };
}
