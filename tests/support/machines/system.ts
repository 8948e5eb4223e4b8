/**
 * What NixOS itself puts on a machine: /etc with its links into the store, generations, /run, boot
 * files, channel, logs. Formats are those of NixOS 24.05.
 */
import type { MachineDescription } from "./description.ts";
import { type MachineFiles, storePath } from "./machine_files.ts";

/** Where the machine's current system is, as a machine path. */
export function toplevel(machine: MachineDescription, generation = machine.generation): string {
  const name = `nixos-system-${machine.hostName}-${machine.nixosVersion}`;
  return storePath(name, `generation ${generation}`);
}

export function writeSystem(files: MachineFiles, machine: MachineDescription): void {
  const etc = writeEtc(files, machine);
  writeGenerations(files, machine, etc);
  writeBoot(files, machine);
  files.folder("/root", { mode: 0o700 });
  files.folder("/tmp", { mode: 0o1777 });
  files.folder("/var/tmp", { mode: 0o1777 });
  files.folder("/var/empty", { mode: 0o555 });
  files.link("/var/run", "/run");
  for (const folder of ["/mnt", "/srv", "/var/cache", "/var/db", "/var/log", "/var/lib/systemd"]) {
    files.folder(folder);
  }
  files.folder("/var/log/journal", { gid: 62, mode: 0o2755 });
  files.file("/var/log/lastlog", "");
  files.link("/bin/sh", storePath("bash-interactive-5.2p26", "") + "/bin/sh");
  files.link("/usr/bin/env", storePath("coreutils-full-9.5", "") + "/bin/env");
}

/** @returns the store path of the static part */
function writeEtc(files: MachineFiles, machine: MachineDescription): string {
  const store = storePath("etc", machine.hostName) + "/etc";
  const fixed = (name: string, text: string) => {
    files.file(`${store}/${name}`, text, { mode: 0o444 });
    files.link(`/etc/${name}`, `/etc/static/${name}`);
  };
  files.link("/etc/static", store);
  fixed("hostname", machine.hostName + "\n");
  fixed("hosts", `127.0.0.1 localhost\n::1 localhost\n127.0.0.2 ${machine.hostName}\n`);
  const locale = Object.entries({ LANG: machine.locale, ...machine.extraLocale });
  fixed("locale.conf", locale.map(([name, value]) => `${name}=${value}\n`).join(""));
  fixed(
    "vconsole.conf",
    `KEYMAP=${machine.keyMap}\n${machine.font ? `FONT=${machine.font}\n` : ""}`,
  );
  fixed("os-release", osRelease(machine));
  fixed("fstab", fstab(machine));
  fixed("shells", "/run/current-system/sw/bin/bash\n/run/current-system/sw/bin/sh\n/bin/sh\n");
  fixed("nix/nix.conf", NIX_CONF);
  fixed("resolvconf.conf", "resolv_conf='/etc/resolv.conf'\n");
  if (machine.sshdConfig !== null) fixed("ssh/sshd_config", machine.sshdConfig);
  fixed("ssh/ssh_config", "Host *\nGlobalKnownHostsFile /etc/ssh/ssh_known_hosts\n");

  const tzdata = storePath("tzdata-2024a", "") + "/share/zoneinfo";
  for (const zone of new Set([machine.timeZone, "UTC", "Europe/Berlin", "America/New_York"])) {
    files.file(`${tzdata}/${zone}`, "TZif2", { mode: 0o444 });
  }
  files.link(`${store}/zoneinfo`, tzdata);
  files.link("/etc/zoneinfo", "/etc/static/zoneinfo");
  files.link("/etc/localtime", `/etc/zoneinfo/${machine.timeZone}`);

  files.file("/etc/NIXOS", "");
  // What has a mode is copied, and listed here by setup-etc.pl.
  const keys = machine.accounts.filter(({ declaredKeys }) => declaredKeys.length > 0)
    .map(({ name }) => `ssh/authorized_keys.d/${name}`);
  files.file("/etc/.clean", ["localtime", ...keys.sort(), "sudoers", ""].join("\n"));
  files.file("/etc/adjtime", "0.0 0 0.0\n0\nUTC\n");
  files.file("/etc/machine-id", machineId(machine.hostName) + "\n", { mode: 0o444 });
  files.file("/etc/resolv.conf", machine.nameServers.map((ip) => `nameserver ${ip}\n`).join(""));
  files.file(
    "/etc/sudoers",
    "root        ALL=(ALL:ALL)    SETENV: ALL\n%wheel      ALL=(ALL:ALL)    SETENV: ALL\n",
    { mode: 0o440 },
  );
  if (machine.sshdConfig !== null) writeHostKeys(files, machine.hostName);
  for (const [name, text] of Object.entries(machine.nixos)) files.file(`/etc/nixos/${name}`, text);
  return store.slice(0, -"/etc".length);
}

// No reserve: Nix would write 8 MB of it into every machine.
const NIX_CONF = `# WARNING: this file is generated from the nix.* options in
# your NixOS configuration, typically
# /etc/nixos/configuration.nix.  Do not edit it!
allowed-users = *
auto-optimise-store = false
build-users-group = nixbld
builders =
cores = 0
experimental-features = nix-command flakes
gc-reserved-space = 0
max-jobs = auto
require-sigs = true
sandbox = true
sandbox-fallback = false
substituters = https://cache.nixos.org/
system-features = nixos-test benchmark big-parallel kvm
trusted-public-keys = cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=
trusted-substituters =
trusted-users = root
`;

function osRelease({ nixosVersion }: MachineDescription): string {
  const release = nixosVersion.split(".").slice(0, 2).join(".");
  return `ANSI_COLOR="1;34"
BUG_REPORT_URL="https://github.com/NixOS/nixpkgs/issues"
BUILD_ID="${nixosVersion}"
DOCUMENTATION_URL="https://nixos.org/learn.html"
HOME_URL="https://nixos.org/"
ID=nixos
IMAGE_ID=""
IMAGE_VERSION=""
LOGO="nix-snowflake"
NAME=NixOS
PRETTY_NAME="NixOS ${release} (Uakari)"
SUPPORT_URL="https://nixos.org/community.html"
VERSION="${release} (Uakari)"
VERSION_CODENAME=uakari
VERSION_ID="${release}"
`;
}

function fstab(machine: MachineDescription): string {
  const mounts = machine.mounts.map((mount) =>
    `/dev/disk/by-uuid/${mount.uuid} ${mount.mountPoint} ${mount.fsType} ` +
    `${mount.mountPoint === "/" ? "x-initrd.mount" : "defaults"} 0 ${
      mount.mountPoint === "/" ? 1 : 2
    }\n`
  );
  const swap = machine.swap.map(({ device, uuid }) =>
    `${uuid ? `/dev/disk/by-uuid/${uuid}` : device} none swap defaults\n`
  );
  return `# This is a generated file.  Do not edit!\n\n# Filesystems.\n${mounts.join("")}\n\n` +
    `# Swap devices.\n${swap.join("")}`;
}

function writeHostKeys(files: MachineFiles, hostName: string): void {
  for (const type of ["ed25519", "rsa"]) {
    const path = `/etc/ssh/ssh_host_${type}_key`;
    files.file(path, `not a real ${type} host key, only one of ${hostName}\n`, { mode: 0o600 });
    files.file(`${path}.pub`, `ssh-${type} AAAAC3NzaC1lZDI1NTE5AAAAIHostKey root@${hostName}\n`);
  }
}

function writeGenerations(files: MachineFiles, machine: MachineDescription, etc: string): void {
  const profiles = "/nix/var/nix/profiles";
  for (const generation of [machine.generation - 1, machine.generation]) {
    writeToplevel(files, machine, generation, etc);
    files.link(`${profiles}/system-${generation}-link`, toplevel(machine, generation));
  }
  files.link(`${profiles}/system`, `system-${machine.generation}-link`);
  files.folder("/nix/var/nix/gcroots");
  files.link("/nix/var/nix/gcroots/profiles", profiles);
  files.link("/nix/var/nix/gcroots/current-system", "/run/current-system");
  files.link("/run/current-system", toplevel(machine));
  files.link("/run/booted-system", toplevel(machine));
  files.folder("/run/wrappers/bin");
  files.folder("/run/systemd/system");
  files.folder("/run/standin-activation");
  files.folder("/run/lock");
  files.folder("/run/user");
}

function writeToplevel(
  files: MachineFiles,
  machine: MachineDescription,
  generation: number,
  etc: string,
): void {
  const path = toplevel(machine, generation);
  const text = (name: string, content: string) =>
    files.file(`${path}/${name}`, content, { mode: 0o444 });
  text("nixos-version", machine.nixosVersion);
  text("system", "x86_64-linux");
  // What the boot loader adds is in no system.
  text("kernel-params", machine.kernelParams.replace(/^.*?init=\S+ ?/, ""));
  text("init-interface-version", "2");
  text("configuration-name", "");
  files.file(`${path}/init`, "#!/bin/sh\nexec /bin/sh\n", { mode: 0o555 });
  files.file(`${path}/activate`, "#!/bin/sh\n", { mode: 0o555 });
  files.file(`${path}/bin/switch-to-configuration`, switchScript(path), { mode: 0o555 });
  const kernel = storePath("linux-6.6.45", "");
  files.file(`${kernel}/bzImage`, "kernel", { mode: 0o444 });
  const initrd = storePath("initrd-linux-6.6.45", machine.hostName);
  files.file(`${initrd}/initrd`, "initrd", { mode: 0o444 });
  const modules = storePath("linux-6.6.45-modules", "");
  files.folder(`${modules}/lib/modules/6.6.45`);
  const software = storePath("system-path", machine.hostName);
  files.folder(`${software}/bin`);
  if (generation < machine.generation) {
    for (const name of ["kernel", "initrd"]) text(`${name}.old`, "");
  }
  files.link(`${path}/kernel`, `${kernel}/bzImage`);
  files.link(`${path}/initrd`, `${initrd}/initrd`);
  files.link(`${path}/kernel-modules`, modules);
  files.link(`${path}/etc`, `${etc}/etc`);
  files.link(`${path}/sw`, software);
}

/**
 * Stands in for switch-to-configuration with the protocol of tests/support/nixpkgs: a line in
 * /run/standin-activation/actions, a hook, a scripted exit code; and becomes the current system.
 */
function switchScript(path: string): string {
  return `#!/bin/sh
action=$1
folder=\${STANDIN_ACTIVATION:-\${HYPERVISOR_ROOT:-}/run/standin-activation}
[ -d "$folder" ] || exit 0
echo "$action ${path}" >>"$folder/actions"
if [ -x "$folder/hook" ]; then "$folder/hook" "$action" ${path} || exit $?; fi
code=$(cat "$folder/exit-$action" 2>/dev/null || cat "$folder/exit" 2>/dev/null || echo 0)
case "$action:$code" in
  switch:[04] | test:[04]) ln -sfn ${path} "\${folder%/*}/current-system" ;;
esac
exit "$code"
`;
}

function writeBoot(files: MachineFiles, machine: MachineDescription): void {
  const { generation } = machine;
  const options = `init=${toplevel(machine)}/init ${
    machine.kernelParams.replace(/^.*?init=\S+ ?/, "")
  }`;
  if (machine.boot.loader === "systemd-boot") {
    files.folder("/boot", { mode: 0o700 });
    files.file(
      "/boot/loader/loader.conf",
      `timeout 5\ndefault nixos-generation-${generation}.conf\nconsole-mode keep\n`,
    );
    files.file("/boot/loader/random-seed", "seed");
    for (const number of [generation - 1, generation]) {
      files.file(
        `/boot/loader/entries/nixos-generation-${number}.conf`,
        `title NixOS\nsort-key nixos\nversion Generation ${number} NixOS ${machine.nixosVersion}, Linux Kernel 6.6.45, built on 2024-08-16\n` +
          `linux /EFI/nixos/linux-6.6.45-bzImage.efi\ninitrd /EFI/nixos/initrd-linux-6.6.45-initrd.efi\n` +
          `options ${options}\nmachine-id ${machineId(machine.hostName)}\n`,
      );
    }
    for (const file of ["systemd/systemd-bootx64.efi", "BOOT/BOOTX64.EFI"]) {
      files.file(`/boot/EFI/${file}`, "MZ systemd-boot");
    }
    for (const file of ["linux-6.6.45-bzImage.efi", "initrd-linux-6.6.45-initrd.efi"]) {
      files.file(`/boot/EFI/nixos/${file}`, "MZ");
    }
    return;
  }
  files.folder("/boot");
  files.file(
    "/boot/grub/grub.cfg",
    `# Automatically generated.  DO NOT EDIT THIS FILE!\nset timeout=5\nmenuentry "NixOS" --class nixos {\n` +
      `  linux /kernels/linux-6.6.45-bzImage ${options}\n  initrd /kernels/initrd-linux-6.6.45-initrd\n}\n`,
    { mode: 0o600 },
  );
  files.file("/boot/grub/i386-pc/core.img", "core");
  // install-grub.pl: name, version, efi or not, devices, efi mount point, extra arguments
  files.file("/boot/grub/state", `grub\n2.12\nno\n${machine.boot.device}\n/boot\n[]\n`);
  files.file("/boot/kernels/linux-6.6.45-bzImage", "kernel");
  files.file("/boot/kernels/initrd-linux-6.6.45-initrd", "initrd");
}

function machineId(hostName: string): string {
  return [...hostName.padEnd(16, "x")].slice(0, 16)
    .map((letter) => (letter.charCodeAt(0) & 0xff).toString(16).padStart(2, "0")).join("");
}
