/**
 * Every place that a tool reads, writes, locks, lists, removes or gives permissions on a machine: taken
 * from what strace(1) saw of each tool on an installed one. What is somebody else's to shape is tried at
 * each of them.
 */

/** What tools are started with, by a short name. `SOURCE` stands for a source folder. */
export const COMMANDS = {
  check: ["smart-sync", "--check-only"],
  sync: ["smart-sync", "--ref", "main", "--repo", "owner/hyper-nixos"],
  rollback: ["smart-sync", "--rollback"],
  look: ["validator"],
  fix: ["validator", "--quick", "--fix", "--yes"],
  update: ["dev-update", "--ref", "main", "--yes", "--repo", "owner/hyper-nixos"],
  build: ["rebuild-helper", "build"],
  "switch": ["rebuild-helper", "switch"],
  clean: ["rebuild-helper", "--clean", "--yes"],
  plan: ["system-installer", "--dry-run", "--verbose", "--source", "SOURCE"],
  install: [
    "system-installer",
    "--action",
    "build",
    "--skip-update-check",
    "--source",
    "SOURCE",
    "--yes",
  ],
  undo: ["system-installer", "--undo", "--yes"],
} as const;
export type Command = keyof typeof COMMANDS;

/** One place. */
export interface Place {
  /** Machine path; `*` stands for the name of the first entry that is there. */
  readonly path: string;
  /** What is there usually. */
  readonly kind: "file" | "folder";
  /** What looks there, the one that does most with it first. */
  readonly commands: readonly [Command, ...Command[]];
}

const STATE = "/var/lib/hyper-nixos";
const STAGING = "/etc/hypervisor/.src-staging-0badf00d";
const PREVIOUS = "/etc/hypervisor/.src-previous";

function files(commands: Place["commands"], ...paths: string[]): Place[] {
  return paths.map((path) => ({ path, kind: "file", commands }));
}

function folders(commands: Place["commands"], ...paths: string[]): Place[] {
  return paths.map((path) => ({ path, kind: "folder", commands }));
}

/** The places. */
export const PLACES: readonly Place[] = [
  // Who there is, and how they come in.
  ...files(["plan", "look", "install", "undo"], "/etc/passwd", "/etc/shadow", "/etc/group"),
  ...files(["undo", "install"], "/etc/gshadow", "/etc/subuid", "/etc/subgid", "/etc/.pwd.lock"),
  ...files(
    ["undo", "plan"],
    "/var/lib/nixos/declarative-users",
    "/var/lib/nixos/declarative-groups",
  ),
  ...files(["look", "fix"], "/etc/sudoers", "/etc/sudoers.d/alice", "/etc/doas.conf"),
  ...files(["plan", "look"], "/etc/ssh/sshd_config", "/etc/ssh/authorized_keys.d/alice"),
  ...files(["plan", "look"], "/home/alice/.ssh/authorized_keys", "/root/.ssh/authorized_keys"),
  ...files(["fix", "sync"], "/home/alice/.config/github/token", "/root/.config/github/token"),
  ...folders(["plan", "fix"], "/home/alice", "/home/alice/.ssh", "/home/alice/.config", "/etc/ssh"),
  ...folders(["look"], "/etc/sudoers.d", "/etc/pam.d"),
  // What the machine is.
  ...files(["plan", "look"], "/etc/hostname", "/etc/locale.conf", "/etc/localtime"),
  ...files(["plan", "look"], "/etc/os-release", "/etc/vconsole.conf", "/etc/resolv.conf"),
  ...files(
    ["plan", "look"],
    "/etc/nixos/configuration.nix",
    "/etc/nixos/hardware-configuration.nix",
  ),
  ...files(["install", "fix", "undo"], "/etc/nixos/flake.nix"),
  ...folders(["install", "plan"], "/etc/nixos"),
  ...files(["plan", "look"], "/boot/loader/loader.conf", "/boot/grub/grub.cfg"),
  ...folders(["plan", "look"], "/boot", "/boot/EFI/systemd", "/boot/loader"),
  ...files(["plan"], "/run/udev/data/b259:7"),
  ...files(["switch", "look", "clean"], "/nix/var/nix/profiles/system"),
  ...files(["switch", "look", "clean"], "/run/current-system", "/run/booted-system"),
  ...folders(["switch", "clean"], "/nix/var/nix/profiles"),
  ...files(["look", "switch"], "/var/lib/libvirt/qemu/web.xml", "/run/libvirt/qemu/web.xml"),
  ...files(["look"], "/etc/libvirt/qemu/web.xml"),
  ...folders(["look", "switch"], "/var/lib/libvirt/qemu", "/run/libvirt/qemu", "/etc/libvirt/qemu"),
  // The source tree, and a change of it.
  ...folders(["sync", "install", "look", "build"], "/etc/hypervisor", "/etc/hypervisor/src"),
  ...folders(["sync", "build", "look"], "/etc/hypervisor/src/nix"),
  ...files(
    ["sync", "build", "look"],
    "/etc/hypervisor/src/flake.nix",
    "/etc/hypervisor/src/nix/host.nix",
  ),
  ...files(["look", "build", "sync"], "/etc/hypervisor/src/flake.lock"),
  ...folders(["rollback", "sync"], PREVIOUS, `${PREVIOUS}/tree`),
  ...files(["rollback"], `${PREVIOUS}/record.json`, `${PREVIOUS}/index`),
  ...folders(["sync", "undo"], STAGING, `${STAGING}/new`, `${STAGING}/previous`),
  ...files(["sync", "fix"], `${STAGING}/journal.json`, `${STAGING}/state.json`, `${STAGING}/index`),
  ...files(["sync"], `${STAGING}/backup`, `${STAGING}/kept`, `${STAGING}/outdated`),
  // What installations generate.
  ...folders(["install", "build", "look"], "/etc/hypervisor/configuration"),
  ...files(["build", "look", "install"], "/etc/hypervisor/configuration/host.json"),
  ...files(["install", "build", "look"], "/etc/hypervisor/configuration/system-local.nix"),
  ...files(["install", "build", "look"], "/etc/hypervisor/configuration/users-local.nix"),
  ...files(["install", "build", "look"], "/etc/hypervisor/configuration/hardware-local.nix"),
  ...files(["install", "build", "look"], "/etc/hypervisor/configuration/local.nix"),
  // State.
  ...folders(["install", "sync", "switch", "fix", "undo"], STATE, `${STATE}/passwords`),
  ...folders(["undo", "install", "fix"], `${STATE}/receipts`, `${STATE}/backups`),
  ...files(["undo", "install", "look"], `${STATE}/receipts/*`),
  ...folders(["undo"], `${STATE}/backups/*`, `${STATE}/backups/*/files`),
  ...folders(["undo"], `${STATE}/backups/*/accounts-after`, `${STATE}/backups/*/accounts-before`),
  ...files(
    ["undo"],
    `${STATE}/backups/*/accounts-after/passwd`,
    `${STATE}/backups/*/accounts-before/shadow`,
  ),
  ...files(
    ["undo"],
    `${STATE}/backups/*/accounts-changed.json`,
    `${STATE}/backups/*/accounts-pending`,
  ),
  ...folders(["sync", "update"], `${STATE}/sync`),
  ...files(["sync", "update", "look", "check"], `${STATE}/sync/state.json`, `${STATE}/sync/index`),
  ...folders(["switch", "look", "update"], `${STATE}/activations`, `${STATE}/systems`),
  ...files(["switch", "look", "update"], `${STATE}/activations/*`, `${STATE}/systems/*`),
  ...folders(["build"], `${STATE}/build`),
  ...files(["build"], `${STATE}/build/result`),
  // Lock and logs.
  ...files(["sync", "install"], "/run/hyper-nixos.lock"),
  ...folders(["sync", "install"], "/run", "/var/log"),
  ...folders(["sync", "look", "build"], "/var/log/hypervisor"),
  ...files(["sync"], "/var/log/hypervisor/smart-sync.log", "/var/log/hypervisor/smart-sync.log.1"),
  ...files(["fix"], "/var/log/hypervisor/validator.log"),
  ...folders(["build", "update"], "/var/log/nixos"),
];
