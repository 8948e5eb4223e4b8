# What the test does; see the manual of NixOS, "Writing Tests", for what `machine` and `client` can do.
# default.nix puts the store paths SOURCE, BEFORE, LOCAL, CHANNEL, DENO and GIT in front.
import json
import shlex

PASSWORD = "correct-horse"
ADDRESS = "192.168.1.2"
CONFIGURATION = "/etc/hypervisor/configuration"

# A guest without a disk, emulated: it starts wherever QEMU does.
GUEST = """
<domain type='qemu'>
  <name>tiny</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64'>hvm</type></os>
</domain>
"""


def ssh(command: str) -> str:
    """A command line that runs a command as alice, with her password; a changed host key is refused."""
    options = "-p 2222 -o StrictHostKeyChecking=accept-new -o PubkeyAuthentication=no"
    return f"sshpass -p {PASSWORD} ssh {options} alice@{ADDRESS} {shlex.quote(command)}"


def sudo(command: str) -> str:
    """The same as root, with her password."""
    return ssh(f"echo {PASSWORD} | sudo -S -p '' {command}")


def validate() -> None:
    """The installation is healthy, but for KVM, which a virtual machine need not have."""
    _, output = machine.execute("validator --json")
    failed = {c["id"]: c["detail"] for c in json.loads(output)["checks"] if c["status"] == "fail"}
    failed.pop("cpu-virtualisation", None)
    failed.pop("kvm", None)
    assert failed == {}, f"validator: {failed}"


def system() -> str:
    """The store path of the system that runs."""
    return machine.succeed("readlink -f /run/current-system").strip()


start_all()
machine.wait_for_unit("multi-user.target")
machine.wait_for_open_port(2222)
client.wait_for_unit("multi-user.target")

with subtest("the machine is an ordinary NixOS that rebuilds itself"):
    machine.succeed(f"echo alice:{PASSWORD} | chpasswd")
    channels = "/nix/var/nix/profiles/per-user/root/channels"
    machine.succeed(f"mkdir -p $(dirname {channels}) && ln -sfn {CHANNEL} {channels}")
    machine.succeed("nixos-generate-config")
    machine.succeed(f"install -m 0644 {BEFORE} /etc/nixos/configuration.nix")
    machine.succeed("nixos-rebuild switch >&2")
    before = system()
    shadow = machine.succeed("getent shadow alice").strip()

with subtest("the plan changes nothing"):
    client.succeed(sudo("system-installer --dry-run --skip-update-check"))
    machine.fail("test -e /etc/hypervisor")

with subtest("it installs over SSH"):
    machine.succeed(f"install -D -m 0644 {LOCAL} {CONFIGURATION}/local.nix")
    client.succeed(sudo("system-installer --action switch --skip-update-check --fast --yes") + " >&2")
    installed = system()
    assert installed != before, "the system is the old one"
    machine.succeed("test $(readlink -f /nix/var/nix/profiles/system) = " + installed)
    machine.succeed("test $(readlink -f /etc/nixos/flake.nix) = /etc/hypervisor/src/flake.nix")
    machine.succeed(f"cmp {BEFORE} /etc/nixos/configuration.nix")

with subtest("plain nixos-rebuild builds the same system"):
    machine.succeed("cd /tmp && nixos-rebuild build >&2")
    assert machine.succeed("readlink -f /tmp/result").strip() == installed

with subtest("nobody is locked out"):
    assert machine.succeed("getent shadow alice").strip() == shadow, "alice has another password"
    assert client.succeed(sudo("id -u")).strip() == "0"
    client.fail(ssh("sudo -n id"))
    groups = set(client.succeed(ssh("id -nG")).split())
    assert {"wheel", "kvm", "libvirtd", "video", "input"} <= groups, f"alice is in {groups}"

with subtest("no password hash is where everybody can read it"):
    password_hash = shadow.split(":")[1]
    machine.fail(f"grep -rqF '{password_hash}' /etc/hypervisor /var/log/hypervisor /var/lib/hyper-nixos/passwords")
    stored = f"nix-store --query --requisites {installed} | grep -E 'users-groups|activat|etc'"
    _, found = machine.execute(f"{stored} | xargs grep -rlF '{password_hash}'")
    assert found == "", f"the hash is in {found}"

with subtest("folders have their owner and mode"):
    for path, expected in [
        ("/etc/hypervisor", "755 root:root"),
        (CONFIGURATION, "755 root:root"),
        ("/var/lib/hyper-nixos", "700 root:root"),
        ("/var/lib/hyper-nixos/passwords", "700 root:root"),
        ("/var/lib/hypervisor", "771 root:libvirtd"),
        ("/var/log/hypervisor", "755 root:root"),
        ("/var/log/nixos", "755 root:root"),
    ]:
        found = machine.succeed(f"stat -c '%a %U:%G' {path}").strip()
        assert found == expected, f"{path} is {found}, not {expected}"

with subtest("libvirtd answers, and the installation is healthy"):
    machine.wait_until_succeeds("virsh --connect qemu:///system list --all")
    validate()

with subtest("alice operates guests without a password, and does nothing else so"):
    machine.succeed(f"echo {shlex.quote(GUEST)} > /root/tiny.xml && virsh define /root/tiny.xml")
    client.succeed(ssh("sudo -n virsh start tiny"))
    assert "running" in client.succeed(ssh("sudo -n virsh domstate tiny"))
    client.succeed(ssh("sudo -n virsh destroy tiny"))
    for refused in [
        "virsh edit tiny",
        "virsh define /root/tiny.xml",
        "virsh start tiny --paused",
        "virsh -c qemu:///system start tiny",
        "LIBVIRT_DEFAULT_URI=test:///default virsh list",
        "id",
    ]:
        client.fail(ssh(f"sudo -n {refused}"))
    machine.succeed("virsh undefine tiny")

with subtest("the validator runs daily, and logs"):
    machine.succeed("systemctl is-active hypervisor-validator.timer")
    machine.succeed("systemctl start hypervisor-validator.service")
    machine.succeed("test -s /var/log/hypervisor/validator.log")

with subtest("it syncs from GitHub, here the tests' own server"):
    machine.succeed(f"cp -r {SOURCE} /root/repository && chmod -R u+w /root/repository")
    machine.succeed("echo 'From the server.' > /root/repository/docs/from_server.md")
    # The tools are a store path of their own: only a module changes the system.
    setting = 'config.environment.etc."from-server".text = "yes";'
    module = "/root/repository/nix/module/default.nix"
    machine.succeed(f"sed -i '0,/  imports = /s//  {setting}\\n  imports = /' {module}")
    git = f"{GIT}/git -C /root/repository -c user.name=test -c user.email=test@localhost"
    machine.succeed(f"{git} init --quiet --initial-branch=main && {git} add --all")
    machine.succeed(f"{git} commit --quiet --message=Next")
    serve = f"{DENO} run -A --no-config --cached-only {SOURCE}/tests/support/github/serve.ts"
    # It runs until its standard input ends, and not as a unit of a system that is replaced.
    command = f"sleep infinity | {serve} --repo hyper/nixos=/root/repository/.git > /run/github.json"
    machine.succeed(
        f"systemd-run --unit=github --setenv=DENO_DIR=/var/tmp/deno --setenv=PATH={GIT}:$PATH "
        + f"sh -c {shlex.quote(command)}"
    )
    machine.wait_until_succeeds("test -s /run/github.json")
    addresses = json.loads(machine.succeed("cat /run/github.json"))["together"]
    github = (
        f"GITHUB_API_URL={addresses['api']} GITHUB_RAW_URL={addresses['raw']} "
        + f"GITHUB_SERVER_URL={addresses['server']}"
    )
    machine.succeed(f"{github} smart-sync --repo hyper/nixos >&2")
    machine.succeed("grep -q 'From the server' /etc/hypervisor/src/docs/from_server.md")
    machine.succeed(f"{github} smart-sync --check-only >&2")

with subtest("it rebuilds from the synced sources"):
    client.succeed(sudo("rebuild-helper switch --yes") + " >&2")
    assert system() != installed, "the system was not built from the new sources"
    validate()
    client.succeed(ssh("sudo -n virsh list --all"))

with subtest("it can be undone"):
    client.succeed(sudo("system-installer --undo --yes") + " >&2")
    assert system() == before, "the system is not the one of before"
    machine.fail("test -e /etc/hypervisor/src")
    machine.fail("test -L /etc/nixos/flake.nix")
    assert machine.succeed("getent shadow alice").strip() == shadow
    assert client.succeed(sudo("id -u")).strip() == "0"
    machine.fail("systemctl is-active libvirtd.service")
