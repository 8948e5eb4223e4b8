import type { Context } from "../context.ts";
import { kernelText } from "./kernel_files.ts";

/** The processors of the machine you sit at. */
export interface Cpu {
  /** Decides the KVM module and the microcode; "other" also for what is not x86. */
  readonly vendor: "intel" | "amd" | "other";
  /** As the CPU names itself; undefined where the kernel does not say (most of aarch64). */
  readonly model: string | undefined;
  readonly cores: number;
  /** What the kernel schedules on: cores times hardware threads. */
  readonly threads: number;
  /** The extension for virtual machines; none when firmware or a hypervisor hides it. */
  readonly extension: "vmx" | "svm" | undefined;
  /** CPUID's flag of every hypervisor on x86: this machine is itself a guest. */
  readonly isGuest: boolean;
}

/** Reads /proc/cpuinfo (proc_cpuinfo(5)); undefined when it cannot be read. */
export function readCpu(ctx: Context): Cpu | undefined {
  const text = kernelText(ctx, "/proc/cpuinfo");
  const processors = (text ?? "").split(/\n\s*\n/).map(parseFields)
    .filter((fields) => fields.has("processor"));
  const first = processors[0];
  if (first === undefined) return undefined;
  const cores = new Set(
    processors.map((one) =>
      one.has("core id") ? `${one.get("physical id")}/${one.get("core id")}` : one.get("processor")
    ),
  );
  const flags = new Set(first.get("flags")?.split(/\s+/));
  return {
    vendor: vendorOf(first.get("vendor_id")),
    model: first.get("model name") || undefined,
    cores: cores.size,
    threads: processors.length,
    extension: (["vmx", "svm"] as const).find((flag) => flags.has(flag)),
    isGuest: flags.has("hypervisor"),
  };
}

/** Hygon's processors are AMD's design and use its KVM module. */
function vendorOf(id: string | undefined): Cpu["vendor"] {
  if (id === "GenuineIntel") return "intel";
  return id === "AuthenticAMD" || id === "HygonGenuine" ? "amd" : "other";
}

function parseFields(block: string): Map<string, string> {
  return new Map(
    block.split("\n").flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
    }),
  );
}
