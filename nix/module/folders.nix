# The toolkit's folders, with explicit modes. The tools create what is missing too: these rules put
# owner and mode right at every boot and activation.
{ lib, config, ... }:
let
  cfg = config.hypervisor;
  folder = mode: group: {
    d = lib.mapAttrs (_: lib.mkOverride 1200) {
      inherit mode group;
      user = "root";
    };
  };
in
{
  options.hypervisor.guestStorage = lib.mkOption {
    type = lib.types.path;
    default = "/var/lib/hypervisor";
    example = "/data/guests";
    description = ''
      The folder for guests' disks. Members of `libvirtd` may write to it. The toolkit keeps nothing
      of its own there.
    '';
  };

  config = lib.mkIf cfg.enable {
    systemd.tmpfiles.settings.hyper-nixos = {
      "/etc/hypervisor" = folder "0755" "root";
      "/etc/hypervisor/configuration" = folder "0755" "root";
      # Password hashes, receipts and backups: for root alone.
      "/var/lib/hyper-nixos" = folder "0700" "root";
      "/var/log/hypervisor" = folder "0755" "root";
      "/var/log/nixos" = folder "0755" "root";
      ${toString cfg.guestStorage} = folder "0771" "libvirtd";
    };
  };
}
