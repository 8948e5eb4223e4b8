# The owner's additions to the installed host, here: what keeps it a machine that a test can drive.
{ lib, modulesPath, ... }:
{
  imports = [ (modulesPath + "/testing/test-instrumentation.nix") ];
  boot.loader.grub.forceInstall = true;
  # KVM inside KVM is not to be had everywhere, and a module that cannot be loaded is a failed unit.
  hypervisor.cpu.vendor = lib.mkForce null;
  nix.settings.substituters = lib.mkForce [ ];
  documentation.enable = false;
}
