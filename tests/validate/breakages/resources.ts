import { mustRun } from "../../support/must_run.ts";
import type { Breakage } from "./breakage.ts";

const GONE = "/nix/store/00000000000000000000000000000000-qemu-8.0/bin/qemu-kvm";

/** What breaks the group "Resources". */
export const RESOURCES: readonly Breakage[] = [
  {
    id: "space-boot",
    what: "the boot partition is full",
    expect: "fail",
    spaceless: "/boot",
    break: () => {},
  },
  {
    id: "disk-arrays",
    what: "a disk of a mirror is gone",
    expect: "warn",
    besideOthers: true,
    break: (m) => m.write("/sys/fs/btrfs/8b2a/devinfo/2/missing", "1\n"),
  },
  {
    id: "memory",
    what: "guests took all the memory",
    expect: "warn",
    besideOthers: true,
    break: (m) => {
      Deno.chmodSync(m.host("/proc/meminfo"), 0o644);
      m.change("/proc/meminfo", /MemAvailable: *\d+/, "MemAvailable: 100000");
      m.change("/proc/meminfo", /SwapFree: *\d+/, "SwapFree: 900000");
    },
  },
  {
    id: "cpu-virtualisation",
    what: "the firmware hides VT-x",
    expect: "fail",
    besideOthers: true,
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
    besideOthers: true,
    break: (m) => m.remove("/dev/vhost-net"),
  },
  {
    id: "tun",
    what: "tun is missing",
    expect: "warn",
    besideOthers: true,
    break: (m) => m.remove("/dev/net/tun"),
  },
  {
    id: "cgroups",
    what: "the memory controller is off",
    expect: "warn",
    besideOthers: true,
    break: (m) => m.write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids\n"),
  },
  {
    id: "iommu",
    what: "the kernel does not use the IOMMU",
    expect: "warn",
    besideOthers: true,
    break: (m) => {
      mustRun("sh", ["-c", `rm -r ${m.host("/sys/kernel/iommu_groups")}/*`]);
      m.write("/sys/firmware/acpi/tables/DMAR", "DMAR");
    },
  },
  {
    id: "store-derivations",
    what: "a derivation is empty after a power cut",
    expect: "fail",
    full: true,
    besideOthers: true,
    break: (m) => m.write(`${GONE.slice(0, 43)}-x.drv`, ""),
  },
];
