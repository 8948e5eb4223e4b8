# KVM, the IOMMU, libvirtd, and the groups of those who use them.
{
  lib,
  config,
  options,
  ...
}:
let
  cfg = config.hypervisor;
in
{
  options.hypervisor = {
    cpu.vendor = lib.mkOption {
      type = lib.types.nullOr (
        lib.types.enum [
          "intel"
          "amd"
        ]
      );
      default = null;
      example = "intel";
      description = ''
        Who made the processor: decides the KVM module and the parameters of the IOMMU. `null` loads
        no module of a vendor, which is right for ARM. system-installer sets it for the machine.
      '';
    };
    iommu.enable = lib.mkOption {
      type = lib.types.bool;
      default = false;
      example = true;
      description = ''
        Whether to turn the IOMMU on, so that devices can be given to guests. Devices of the host
        keep their direct mapping (`iommu=pt`). Has no effect while `hypervisor.cpu.vendor` is
        `null`, and none where the firmware hides the IOMMU.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    boot.kernelModules = lib.optional (cfg.cpu.vendor != null) "kvm-${cfg.cpu.vendor}";
    # AMD's IOMMU is on whenever the firmware offers it (kernel-parameters: amd_iommu, intel_iommu).
    boot.kernelParams = lib.optionals (cfg.iommu.enable && cfg.cpu.vendor != null) (
      lib.optional (cfg.cpu.vendor == "intel") "intel_iommu=on" ++ [ "iommu=pt" ]
    );

    virtualisation.libvirtd.enable = lib.mkOverride 1200 true;
    # NixOS asserts the same without naming the file; a plain false collides with its own definition.
    assertions = [
      {
        assertion = config.virtualisation.libvirtd.enable -> config.security.polkit.enable;
        message = "libvirtd needs polkit, but security.polkit.enable is false in ${lib.concatStringsSep " and " options.security.polkit.enable.files}: remove it there, or set virtualisation.libvirtd.enable = false.";
      }
    ];

    # Also where the owner turns libvirtd off: the guests' storage is of this group.
    users.groups.libvirtd = { };
  };
}
