import { program } from "../settle.ts";
import type { Breakage } from "./breakage.ts";

const GONE = "/nix/store/00000000000000000000000000000000-qemu-8.0/bin/qemu-kvm";

/** What breaks the group "System Services". */
export const SERVICES: readonly Breakage[] = [
  {
    id: "essential-services",
    what: "sshd does not run",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.stand.set("systemctl/units/sshd.service", "ActiveState=failed\n"),
  },
  {
    id: "libvirtd-unit",
    what: "libvirtd does not run",
    expect: "fail",
    besideOthers: true,
    break: (m) => m.stand.set("systemctl/units/libvirtd.service", "ActiveState=inactive\n"),
  },
  {
    id: "libvirtd-answers",
    what: "libvirtd does not answer",
    expect: "fail",
    besideOthers: true,
    break: (m) => program(m.stand, "virsh", "echo 'error: Failed to connect socket' >&2; exit 1"),
  },
  {
    id: "failed-units",
    what: "a unit failed",
    expect: "warn",
    besideOthers: true,
    break: (m) => {
      m.stand.set("systemctl/running", "degraded\n");
      m.stand.set("systemctl/failed", "backup.service\n");
    },
  },
  {
    id: "time-synchronised",
    what: "the clock is not synchronised",
    expect: "warn",
    besideOthers: true,
    break: (m) => program(m.stand, "timedatectl", "echo no"),
  },
  {
    id: "guest-store-paths",
    what: "a guest names a collected store path",
    expect: "fail",
    besideOthers: true,
    break: (m) =>
      m.write("/var/lib/libvirt/qemu/db.xml", `<domain><emulator>${GONE}</emulator></domain>`),
  },
  {
    id: "guest-backup",
    what: "a guest's definition is nowhere else",
    expect: "warn",
    besideOthers: true,
    break: (m) => {
      m.write("/var/lib/libvirt/qemu/db.xml", "<domain/>");
      Deno.utimeSync(m.host("/var/lib/libvirt/qemu/db.xml"), 0, 0);
    },
  },
  {
    id: "guest-backup",
    what: "a guest's definition is not in the newest copy",
    expect: "warn",
    break: (m) => {
      m.write("/var/lib/libvirt/qemu/db.xml", "<domain/>");
      Deno.utimeSync(m.host("/var/lib/libvirt/qemu/db.xml"), 0, 0);
      m.write("/var/lib/hyper-nixos/guests/20261124T000000Z/qemu/db.xml", "<domain>other</domain>");
      m.chmod("/var/lib/hyper-nixos/guests", 0o700);
    },
  },
  {
    id: "guest-backup",
    what: "others may look into the copies",
    expect: "fail",
    break: (m) => {
      m.write("/var/lib/libvirt/qemu/db.xml", "<domain/>");
      m.write("/var/lib/hyper-nixos/guests/20261124T000000Z/qemu/db.xml", "<domain/>");
      m.chmod("/var/lib/hyper-nixos/guests", 0o755);
    },
  },
  {
    id: "pending-reboot",
    what: "the kernel that runs is older",
    expect: "warn",
    besideOthers: true,
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
    besideOthers: true,
    break: (m) => {
      m.remove("/nix/var/nix/profiles/system");
      m.link("/nix/var/nix/profiles/system", "system-41-link");
    },
  },
];
