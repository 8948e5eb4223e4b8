/** Ways to break an installed machine, each with the check that must find it. */
import type { Status } from "../../lib/validate/check.ts";
import { type InstalledMachine, sh } from "./installed_machine.ts";
import { program } from "./settle.ts";

export interface Breakage {
  /** The check that finds it. */
  readonly id: string;
  readonly what: string;
  readonly expect: Exclude<Status, "pass">;
  /** Whether `--fix` puts it right. */
  readonly fixed?: boolean;
  /** Needs the full run: evaluation, network, the whole store. */
  readonly full?: boolean;
  readonly break: (machine: InstalledMachine) => void;
  /** Host folders without space. */
  readonly spaceless?: string;
}

const STATE = "/var/lib/hyper-nixos";
const SOURCE = "/etc/hypervisor/src";
const CONFIGURATION = "/etc/hypervisor/configuration";
const GONE = "/nix/store/00000000000000000000000000000000-qemu-8.0/bin/qemu-kvm";
const NOBODY = 65534;

function own(m: InstalledMachine, path: string): void {
  Deno.chownSync(m.host(path), NOBODY, NOBODY);
}

export const BREAKAGES: readonly Breakage[] = [
  {
    id: "hypervisor-folder",
    what: "the folder can be written by everyone",
    expect: "fail",
    fixed: true,
    break: (m) => m.chmod("/etc/hypervisor", 0o777),
  },
  {
    id: "source-files",
    what: "a file that the flake needs is missing",
    expect: "fail",
    break: (m) => m.remove(`${SOURCE}/nix/host.nix`),
  },
  {
    id: "source-files",
    what: "the tree belongs to another user",
    expect: "fail",
    fixed: true,
    break: (m) => own(m, SOURCE),
  },
  {
    id: "configuration-folder",
    what: "the generated modules' folder is closed",
    expect: "warn",
    fixed: true,
    break: (m) => m.chmod(CONFIGURATION, 0o700),
  },
  {
    id: "log-folders",
    what: "a log folder is missing",
    expect: "warn",
    fixed: true,
    break: (m) => m.remove("/var/log/nixos"),
  },
  {
    id: "flake-link",
    what: "the link is missing",
    expect: "fail",
    fixed: true,
    break: (m) => m.remove("/etc/nixos/flake.nix"),
  },
  {
    id: "flake-link",
    what: "the link leads nowhere",
    expect: "fail",
    break: (m) => {
      m.remove("/etc/nixos/flake.nix");
      m.link("/etc/nixos/flake.nix", "/etc/elsewhere/flake.nix");
    },
  },
  {
    id: "interrupted-sync",
    what: "an update was cut off among its renames",
    expect: "fail",
    fixed: true,
    break: (m) => {
      const staging = "/etc/hypervisor/.src-staging-cut";
      for (const folder of ["new/lib", "previous/tree/lib"]) {
        Deno.mkdirSync(m.host(`${staging}/${folder}`), { recursive: true });
      }
      m.write(`${staging}/new/lib/new.ts`, "new\n");
      for (const name of ["state.json", "index"]) {
        Deno.copyFileSync(m.host(`${STATE}/sync/${name}`), m.host(`${staging}/${name}`));
      }
      const operations = [{ do: "put", path: "lib/new.ts" }];
      m.write(`${staging}/journal.json`, JSON.stringify({ version: 1, operations }), 0o600);
    },
  },
  {
    id: "interrupted-sync",
    what: "staged files were left behind",
    expect: "warn",
    fixed: true,
    break: (m) => m.write("/etc/hypervisor/.src-staging-left/new/file", "staged\n"),
  },
  {
    id: "unfinished-install",
    what: "an installation was cut off",
    expect: "fail",
    break: (m) => {
      const folder = `${STATE}/receipts`;
      const [name] = [...Deno.readDirSync(m.host(folder))].map((entry) => entry.name);
      m.change(`${folder}/${name}`, '"state": "activated"', '"state": "applying"');
    },
  },
  {
    id: "unfinished-install",
    what: "a receipt is damaged",
    expect: "fail",
    break: (m) => m.write(`${STATE}/receipts/0.json`, "{ half", 0o600),
  },
  {
    id: "synced-files",
    what: "a file was modified",
    expect: "warn",
    full: true,
    break: (m) => m.write(`${SOURCE}/deno.json`, "{}\n"),
  },
  {
    id: "synced-files",
    what: "a file is missing, another one extra",
    expect: "warn",
    full: true,
    break: (m) => {
      m.remove(`${SOURCE}/deno.lock`);
      m.write(`${SOURCE}/notes/today.txt`, "mine\n");
    },
  },
  {
    id: "flake-syntax",
    what: "flake.nix does not parse",
    expect: "fail",
    break: (m) => m.write(`${SOURCE}/flake.nix`, "{ outputs = \n"),
  },
  {
    id: "flake-syntax",
    what: "flake.nix has no outputs",
    expect: "fail",
    break: (m) => m.write(`${SOURCE}/flake.nix`, '{ description = "nothing"; }\n'),
  },
  {
    id: "generated-modules",
    what: "the users' module is missing",
    expect: "fail",
    break: (m) => m.remove(`${CONFIGURATION}/users-local.nix`),
  },
  {
    id: "generated-modules",
    what: "the owner's module does not parse",
    expect: "fail",
    break: (m) => m.write(`${CONFIGURATION}/local.nix`, "{ services.x = ; }\n"),
  },
  {
    id: "module-imports",
    what: "a module is not imported",
    expect: "fail",
    break: (m) => m.change(`${SOURCE}/nix/host.nix`, /users-local\.nix/g, "users-other.nix"),
  },
  {
    id: "host-record",
    what: "host.json is no JSON",
    expect: "fail",
    break: (m) => m.write(`${CONFIGURATION}/host.json`, "{"),
  },
  {
    id: "host-record",
    what: "the machine was renamed",
    expect: "warn",
    break: (m) => m.change(`${CONFIGURATION}/host.json`, "workbench", "workbenck"),
  },
  {
    id: "flake-host",
    what: "the flake has no such host",
    expect: "fail",
    full: true,
    break: (m) =>
      m.change(`${SOURCE}/nix/host.nix`, "${known.hostName} =", '"${known.hostName}x" ='),
  },
  {
    id: "evaluation",
    what: "an assertion fails",
    expect: "fail",
    full: true,
    break: (m) =>
      m.write(
        `${CONFIGURATION}/local.nix`,
        '{ assertions = [ { assertion = false; message = "not like this"; } ]; }\n',
      ),
  },
  {
    id: "flake-lock",
    what: "flake.nix names another branch",
    expect: "fail",
    full: true,
    break: (m) =>
      m.change(`${SOURCE}/flake.nix`, "nixpkgs/nixpkgs-unstable", "nixpkgs/nixos-25.11"),
  },
  {
    id: "hardware-configuration",
    what: "the hardware's module is missing",
    expect: "fail",
    break: (m) => m.remove("/etc/nixos/hardware-configuration.nix"),
  },
  {
    id: "boot-devices",
    what: "the root's disk is not there",
    expect: "fail",
    full: true,
    break: (m) =>
      m.change("/etc/nixos/hardware-configuration.nix", "5f6a2c1e-9d0b", "00000000-0000"),
  },
  {
    id: "essential-services",
    what: "sshd does not run",
    expect: "fail",
    break: (m) => m.stand.set("systemctl/units/sshd.service", "ActiveState=failed\n"),
  },
  {
    id: "libvirtd-unit",
    what: "libvirtd does not run",
    expect: "fail",
    break: (m) => m.stand.set("systemctl/units/libvirtd.service", "ActiveState=inactive\n"),
  },
  {
    id: "libvirtd-answers",
    what: "libvirtd does not answer",
    expect: "fail",
    break: (m) => program(m.stand, "virsh", "echo 'error: Failed to connect socket' >&2; exit 1"),
  },
  {
    id: "failed-units",
    what: "a unit failed",
    expect: "warn",
    break: (m) => {
      m.stand.set("systemctl/running", "degraded\n");
      m.stand.set("systemctl/failed", "backup.service\n");
    },
  },
  {
    id: "time-synchronised",
    what: "the clock is not synchronised",
    expect: "warn",
    break: (m) => program(m.stand, "timedatectl", "echo no"),
  },
  {
    id: "guest-store-paths",
    what: "a guest names a collected store path",
    expect: "fail",
    break: (m) => m.write("/var/lib/libvirt/qemu/db.xml", `<emulator>${GONE}</emulator>`),
  },
  {
    id: "pending-reboot",
    what: "the kernel that runs is older",
    expect: "warn",
    break: (m) => {
      const old = Deno.readLinkSync(m.host("/run/booted-system"));
      const other = `${old}-other`;
      Deno.mkdirSync(m.host(other));
      m.write(`${other}/kernel`, "another kernel");
      m.remove("/run/booted-system");
      m.link("/run/booted-system", other);
    },
  },
  {
    id: "boot-default",
    what: "the running system was only tested",
    expect: "warn",
    break: (m) => {
      m.remove("/nix/var/nix/profiles/system");
      m.link("/nix/var/nix/profiles/system", "system-41-link");
    },
  },
  {
    id: "state-folder",
    what: "others can look into the state folder",
    expect: "fail",
    fixed: true,
    break: (m) => m.chmod(STATE, 0o755),
  },
  {
    id: "state-folder",
    what: "the state folder belongs to someone else",
    expect: "fail",
    break: (m) => own(m, STATE),
  },
  {
    id: "password-files",
    what: "a password hash is readable by others",
    expect: "fail",
    fixed: true,
    break: (m) => m.chmod(`${STATE}/passwords/alice`, 0o644),
  },
  {
    id: "shadow",
    what: "everyone reads the hashes",
    expect: "fail",
    fixed: true,
    break: (m) => m.chmod("/etc/shadow", 0o644),
  },
  {
    id: "github-token",
    what: "everyone reads a token",
    expect: "fail",
    fixed: true,
    break: (m) => m.write("/root/.config/github/token", "token-of-root\n", 0o644),
  },
  {
    id: "secrets-in-flake",
    what: "a hash is in a module",
    expect: "fail",
    full: true,
    break: (m) => {
      const hash = m.read(`${STATE}/passwords/alice`).trim();
      m.write(`${CONFIGURATION}/local.nix`, `{ /* ${hash} */ }\n`);
    },
  },
  {
    id: "secrets-in-flake",
    what: "a token is in the tree",
    expect: "fail",
    full: true,
    break: (m) => m.write(`${SOURCE}/notes.txt`, `ghp_${"a1B2".repeat(9)}\n`),
  },
  {
    id: "writable-files",
    what: "everyone can change a module",
    expect: "fail",
    fixed: true,
    break: (m) => m.chmod(`${SOURCE}/nix/module/default.nix`, 0o666),
  },
  {
    id: "writable-files",
    what: "a module belongs to another user",
    expect: "fail",
    break: (m) => own(m, `${CONFIGURATION}/local.nix`),
  },
  {
    id: "sudo-rules",
    what: "wheel needs no password",
    expect: "fail",
    break: (m) =>
      m.change("/etc/sudoers", /%wheel.*/, "%wheel\tALL=(ALL:ALL)\tNOPASSWD:SETENV: ALL"),
  },
  {
    id: "groups",
    what: "a group is missing",
    expect: "fail",
    break: (m) => m.change("/etc/group", /libvirtd:.*\n/, ""),
  },
  {
    id: "group-members",
    what: "a user is not in a group",
    expect: "fail",
    full: true,
    break: (m) => m.change("/etc/group", /^kvm:.*$/m, "kvm:x:302:bob"),
  },
  {
    id: "administrators",
    what: "nobody can become root",
    expect: "fail",
    break: (m) => m.change("/etc/group", /^wheel:.*$/m, "wheel:x:1:"),
  },
  {
    id: "empty-passwords",
    what: "a password is empty",
    expect: "fail",
    break: (m) => m.change("/etc/shadow", /^bob:[^:]*/m, "bob:"),
  },
  {
    id: "space-boot",
    what: "the boot partition is full",
    expect: "fail",
    spaceless: "/boot",
    break: () => {},
  },
  {
    id: "memory",
    what: "guests took all the memory",
    expect: "warn",
    break: (m) => {
      Deno.chmodSync(m.host("/proc/meminfo"), 0o644);
      m.change("/proc/meminfo", /MemAvailable: *\d+/, "MemAvailable: 100000");
    },
  },
  {
    id: "cpu-virtualisation",
    what: "the firmware hides VT-x",
    expect: "fail",
    break: (m) => {
      Deno.chmodSync(m.host("/proc/cpuinfo"), 0o644);
      m.change("/proc/cpuinfo", / vmx/g, "");
    },
  },
  {
    id: "kvm",
    what: "KVM's module is not loaded",
    expect: "fail",
    break: (m) => m.remove("/dev/kvm"),
  },
  {
    id: "vhost-net",
    what: "vhost-net is missing",
    expect: "warn",
    break: (m) => m.remove("/dev/vhost-net"),
  },
  { id: "tun", what: "tun is missing", expect: "warn", break: (m) => m.remove("/dev/net/tun") },
  {
    id: "cgroups",
    what: "the memory controller is off",
    expect: "warn",
    break: (m) => m.write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids\n"),
  },
  {
    id: "iommu",
    what: "the kernel does not use the IOMMU",
    expect: "warn",
    break: (m) => {
      sh("sh", "-c", `rm -r ${m.host("/sys/kernel/iommu_groups")}/*`);
      m.write("/sys/firmware/acpi/tables/DMAR", "DMAR");
    },
  },
  {
    id: "store-derivations",
    what: "a derivation is empty after a power cut",
    expect: "fail",
    full: true,
    break: (m) => m.write(`${GONE.slice(0, 43)}-x.drv`, ""),
  },
];
