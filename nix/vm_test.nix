# A machine in QEMU. Evaluated with the stand-in nixpkgs; never run so far: that needs KVM and the real
# nixpkgs. Run it with: nix build .#checks.x86_64-linux.vm
{ pkgs, module }:
pkgs.testers.runNixOSTest {
  name = "hyper-nixos";

  nodes.host = { ... }: {
    imports = [ module ];
    hypervisor = {
      enable = true;
      operators = [ "operator" ];
    };
    users.users.operator.isNormalUser = true;
    virtualisation.memorySize = 2048;
  };

  testScript = ''
    host.wait_for_unit("multi-user.target")

    with subtest("libvirtd answers"):
        host.wait_for_unit("libvirtd.service")
        host.succeed("virsh list --all")

    with subtest("folders have their owner and mode"):
        for path, expected in [
            ("/etc/hypervisor", "755 root:root"),
            ("/etc/hypervisor/configuration", "755 root:root"),
            ("/var/lib/hyper-nixos", "700 root:root"),
            ("/var/lib/hypervisor", "771 root:libvirtd"),
            ("/var/log/hypervisor", "755 root:root"),
        ]:
            found = host.succeed(f"stat -c '%a %U:%G' {path}").strip()
            assert found == expected, f"{path} is {found}, not {expected}"

    with subtest("an operator may operate guests and nothing else"):
        host.succeed("su operator -c 'sudo -n virsh list --all'")
        host.fail("su operator -c 'sudo -n virsh define /tmp/guest.xml'")
        host.fail("su operator -c 'sudo -n virsh start guest --paused'")
        host.fail("su operator -c 'sudo -n id'")

    with subtest("the installer plans without changing anything"):
        host.succeed("system-installer --version")
        host.succeed("system-installer --dry-run --yes --skip-update-check")
        host.fail("test -e /etc/hypervisor/src")
  '';
}
