import { deepEqual, equal, match } from "node:assert/strict";
import { lookAt } from "../look.ts";

const V1 = ["blkio", "cpu,cpuacct", "cpuset", "devices", "memory"];
const folders = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`sys/fs/cgroup/${name}/`, ""]));

for (
  const [what, files, status, missing] of [
    [
      "version 2",
      { "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n" },
      "pass",
      undefined,
    ],
    [
      "version 2 without one",
      { "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids\n" },
      "warn",
      ["memory"],
    ],
    ["version 2 that has none", { "sys/fs/cgroup/cgroup.controllers": "\n" }, "warn", [
      "cpu",
      "cpuset",
      "io",
      "memory",
    ]],
    ["version 1", folders(V1), "pass", undefined],
    ["version 1 without one", folders(V1.filter((name) => name !== "memory")), "warn", ["memory"]],
    ["a /sys without any", { "sys/x": "" }, "skip", undefined],
  ] as const
) {
  Deno.test(`cgroups and ${what}: ${status}`, async () => {
    const found = await lookAt("cgroups", files);
    deepEqual([found.status, found.items], [status, missing]);
  });
}

const INTEL = { "proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t: vmx\n" };

for (
  const [what, files, status, says] of [
    [
      "a kernel that uses it",
      { "sys/kernel/iommu_groups/0/": "", "sys/kernel/iommu_groups/1/": "" },
      "pass",
      /^2 groups/,
    ],
    [
      "one that the kernel does not use",
      {
        "sys/firmware/acpi/tables/DMAR": "",
        "proc/cmdline": "init=/x intel_iommu=off\n",
      },
      "warn",
      /DMAR.*\(intel_iommu=off\).*local\.nix, rebuild-helper switch, and a reboot/,
    ],
    ["a firmware without", { "sys/firmware/acpi/tables/FACP": "" }, "warn", /VT-d/],
    [
      "a guest",
      {
        "proc/cpuinfo": INTEL["proc/cpuinfo"].replace("vmx", "hypervisor"),
        "sys/x": "",
      },
      "skip",
      /is a guest/,
    ],
    // No VT-d can be turned on in the settings of a board that has none.
    [
      "a board with ARM",
      { "proc/cpuinfo": "processor\t: 0\nBogoMIPS\t: 50.00\n", "sys/x": "" },
      "skip",
      /x86/,
    ],
  ] as const
) {
  Deno.test(`iommu and ${what}: ${status}`, async () => {
    const found = await lookAt("iommu", { ...INTEL, ...files });
    equal(found.status, status, found.detail);
    match(`${found.detail} ${found.remedy}`, says);
  });
}
