import type { Context } from "../context.ts";
import type { Cpu } from "./cpu.ts";
import { hasDevice, kernelContext, kernelText } from "./kernel_files.ts";
import { machineFolder, machineHas, machineText } from "../files/machine_files.ts";

/** What the machine you sit at can do as a host of virtual machines. */
export interface Virtualisation {
  /** Whether /dev/kvm is there: guests run at full speed. */
  readonly kvmDevice: boolean;
  /** The KVM module that fits the CPU; undefined where KVM is built in (aarch64). */
  readonly kvmModule: "kvm-intel" | "kvm-amd" | undefined;
  /** Whether guests may be hosts themselves; undefined when the module is not loaded. */
  readonly nested: boolean | undefined;
  /** What this machine is itself a guest of; undefined on hardware. */
  readonly guestOf: string | undefined;
  readonly iommu: Iommu;
}

/** The IOMMU, which device passthrough needs. */
export interface Iommu {
  /** Number of IOMMU groups; above 0 when the kernel uses one. */
  readonly groups: number;
  /** The firmware's table: Intel's, AMD's or ARM's; without one, turn VT-d or AMD-Vi on there. */
  readonly table: "DMAR" | "IVRS" | "IORT" | undefined;
  /** What the kernel was told (`intel_iommu=on` …), from its command line. */
  readonly parameters: readonly string[];
}

const TABLES = ["DMAR", "IVRS", "IORT"] as const;
const KVM_MODULES = { intel: "kvm-intel", amd: "kvm-amd", other: undefined } as const;
/** How hypervisors name themselves in DMI's vendor and product, and what people call them. */
const HYPERVISORS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/VMware/i, "VMware"],
  [/innotek|VirtualBox/i, "VirtualBox"],
  [/Microsoft.*Virtual/i, "Hyper-V"],
  [/Xen/i, "Xen"],
  [/Parallels/i, "Parallels"],
  [/Amazon/i, "Amazon EC2"],
  [/Google/i, "Google Compute Engine"],
  [/QEMU|KVM|Red Hat|OpenStack|Hetzner|DigitalOcean|Bochs/i, "QEMU/KVM"],
];

/** Reads /sys, /dev and /proc; what cannot be read counts as not there. */
export function readVirtualisation(ctx: Context, cpu: Cpu | undefined): Virtualisation {
  const sys = kernelContext(ctx, "/sys");
  const kvmModule = cpu && KVM_MODULES[cpu.vendor];
  const parameter = kvmModule &&
    machineText(sys, `/sys/module/${kvmModule.replace("-", "_")}/parameters/nested`);
  const commandLine = kernelText(ctx, "/proc/cmdline") ?? "";
  return {
    kvmDevice: hasDevice(ctx, "/dev/kvm"),
    kvmModule,
    nested: parameter === undefined ? undefined : /^[Y1]/.test(parameter),
    guestOf: hypervisorOf(sys, cpu),
    iommu: {
      groups: machineFolder(sys, "/sys/kernel/iommu_groups").length,
      table: TABLES.find((table) => machineHas(sys, `/sys/firmware/acpi/tables/${table}`)),
      parameters: commandLine.split(/\s+/).filter((word) => /^(\w+_)?iommu[.=]/.test(word)),
    },
  };
}

/**
 * On x86 the CPU tells; DMI alone proves nothing: Amazon's bare machines carry its guests' vendor.
 */
function hypervisorOf(sys: Context, cpu: Cpu | undefined): string | undefined {
  const xen = machineText(sys, "/sys/hypervisor/type")?.trim();
  if (xen === "xen") return "Xen";
  const dmi = ["sys_vendor", "product_name"]
    .map((file) => machineText(sys, `/sys/class/dmi/id/${file}`)?.trim() ?? "").join(" ");
  const name = HYPERVISORS.find(([pattern]) => pattern.test(dmi))?.[1];
  if (cpu?.isGuest) return name ?? "an unnamed hypervisor";
  const isX86 = cpu !== undefined && cpu.vendor !== "other";
  return !isX86 && name === "QEMU/KVM" ? name : undefined;
}
