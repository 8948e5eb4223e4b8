import { kernelContext } from "../../machine/hardware/kernel_files.ts";
import { machineFolder, machineHas, machineText } from "../../machine/files/machine_files.ts";
import { localModule } from "../../machine/tree_layout.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, type Finding, pass, skip, warn } from "../check.ts";
import type { Facts } from "../facts.ts";

/** Controllers that libvirt uses, by version. With v2, devices are controlled by BPF, not by one. */
const V2 = ["cpu", "cpuset", "io", "memory"];
const V1 = ["cpu", "cpuacct", "cpuset", "memory", "devices", "blkio"];

/** What isolates guests from each other and from the host; as virt-host-validate looks at it. */
export const isolationChecks = checksOf("Resources", [
  {
    id: "cgroups",
    title: "cgroup controllers",
    severity: "warning",
    check: cgroups,
  },
  {
    id: "iommu",
    title: "IOMMU",
    severity: "warning",
    check: iommu,
  },
]);

function cgroups(ctx: Context): Finding {
  const sys = kernelContext(ctx, "/sys");
  const unified = machineText(sys, "/sys/fs/cgroup/cgroup.controllers");
  if (unified === undefined && !machineHas(sys, "/sys/fs/cgroup")) {
    return skip("/sys/fs/cgroup is not mounted");
  }
  const there = unified?.trim().split(/\s+/) ??
    machineFolder(sys, "/sys/fs/cgroup").flatMap((name) => name.split(","));
  const missing = (unified === undefined ? V1 : V2).filter((name) => !there.includes(name));
  const version = unified === undefined ? "version 1" : "version 2";
  return missing.length === 0 ? pass(`${version}: ${there.join(", ")}`) : warn(
    `${version} without ${missing.join(", ")}: guests cannot be limited by it`,
    "look for cgroup_disable= in the kernel's parameters",
    missing,
  );
}

function iommu(ctx: Context, facts: Facts): Finding {
  const { cpu, virtualisation, pci } = facts.hardware();
  const { groups, table, parameters } = virtualisation.iommu;
  if (groups > 0) {
    const devices = pci.filter(({ iommuGroup }) => iommuGroup !== undefined).length;
    return pass(`${groups} groups with ${devices} PCI devices`);
  }
  if (virtualisation.guestOf) {
    return skip(`none: this machine is a guest of ${virtualisation.guestOf}`);
  }
  if (table === undefined && cpu?.vendor === "other") {
    return skip("this machine has no table of an IOMMU, as most without x86");
  }
  if (table === undefined) {
    return warn(
      "the firmware offers none: devices cannot be given to guests",
      "turn VT-d or AMD-Vi on in the firmware's settings",
    );
  }
  const off = parameters.length === 0 ? "" : ` (${parameters.join(" ")})`;
  return warn(
    `the firmware offers one (${table}), the kernel does not use it${off}`,
    `hypervisor.iommu.enable = true; in ${localModule(ctx)}, rebuild-helper switch, and a reboot`,
  );
}
