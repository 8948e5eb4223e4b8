import type { Context } from "../../machine/context.ts";
import { amount } from "../../layout/amount.ts";
import { counted } from "../../layout/counted.ts";
import { readNetworkState } from "../../machine/hardware/network_state.ts";
import type { MachineReading } from "./machine_reading.ts";

/** Disks are sold, and known, by powers of ten. */
function diskSize(bytes: number): string {
  const [unit, name] = bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${(bytes / unit).toFixed(0)} ${name}`;
}

/** The machine in a few lines, for the head of a plan: label and value. */
export function machineSummary(
  ctx: Context,
  reading: MachineReading,
): (readonly [label: string, value: string])[] {
  const { hardware, bootFiles } = reading;
  const { cpu, memory, virtualisation } = hardware;
  const cores = cpu && `${counted(cpu.cores, "core")}, ${counted(cpu.threads, "thread")}`;
  return [
    ["machine", `${ctx.root.path} (${reading.os.prettyName ?? "unknown system"})`],
    [
      "processor",
      cpu ? `${cpu.model ?? Deno.build.arch} (${cores})` : "unknown: /proc cannot be read",
    ],
    ["virtualisation", virtualisationText(reading)],
    ["IOMMU", iommuText(reading)],
    ["memory", memory ? amount(memory.total) : "unknown"],
    [
      "boot",
      [
        hardware.bootMode === "uefi" ? "UEFI" : "BIOS",
        ...bootFiles.loaders,
        ...bootFiles.esps.map((esp) => `EFI system partition at ${esp}`),
      ].join(", "),
    ],
    [
      "disks",
      list(
        hardware.disks.map((disk) =>
          [disk.name, diskSize(disk.bytes), disk.model].filter((part) => part).join(" ")
        ),
      ),
    ],
    ...encrypted(reading),
    [
      "graphics",
      list(
        hardware.pci.filter((one) => one.kind === "gpu").map((one) => `${one.vendor} ${one.id}`),
      ),
    ],
    [
      "network",
      list(
        hardware.networkCards.map((card) =>
          [card.name, card.driver, card.state].filter((part) => part).join(" ")
        ),
      ),
    ],
    ...networkInUse(ctx),
    ["language", languageText(reading)],
    ["session", sessionText(reading)],
    ...(virtualisation.guestOf ? [["guest of", virtualisation.guestOf] as const] : []),
  ];
}

function virtualisationText({ hardware: { cpu, virtualisation } }: MachineReading): string {
  if (cpu === undefined) return "unknown";
  const device = virtualisation.kvmDevice ? "/dev/kvm is there" : "no /dev/kvm now";
  // Of others the kernel alone says whether they can.
  if (cpu.vendor === "other" && cpu.extension === undefined) return device;
  const missing = cpu.isGuest
    ? "hidden by the hypervisor this machine runs on"
    : "none: turn VT-x or AMD-V on in the firmware";
  const extension = cpu.extension
    ? `${cpu.extension === "vmx" ? "VT-x" : "AMD-V"} (${cpu.extension})`
    : missing;
  const nested = virtualisation.nested === undefined
    ? ""
    : `, nested ${virtualisation.nested ? "on" : "off"}`;
  return `${extension}, ${device}${nested}`;
}

function iommuText({ hardware: { cpu, virtualisation } }: MachineReading): string {
  const { groups, table } = virtualisation.iommu;
  if (groups > 0) return `on, ${counted(groups, "group")}`;
  if (table) return `off; the firmware has it (${table})`;
  const mayBeOff = cpu !== undefined && cpu.vendor !== "other" && !cpu.isGuest;
  return "not offered by the firmware" + (mayBeOff ? "; turn VT-d or AMD-Vi on there" : "");
}

function encrypted({ hardware }: MachineReading): (readonly [string, string])[] {
  const luks = hardware.mappedDevices.filter((device) => device.kind === "luks");
  return luks.length === 0 ? [] : [["encrypted", luks.map((one) => one.mappedName).join(", ")]];
}

/** As they are in use now; a mounted machine has none. */
function networkInUse(ctx: Context): (readonly [string, string])[] {
  const { addresses, defaultRoutes, nameservers } = readNetworkState(ctx);
  const rows: (readonly [string, string])[] = [
    [
      "addresses",
      list(addresses.map((one) => `${one.interface} ${one.address}/${one.prefixLength}`)),
    ],
    [
      "routes",
      list(defaultRoutes.map((one) => `${one.gateway ?? "the link"} on ${one.interface}`)),
    ],
    ["DNS", list(nameservers)],
  ];
  return ctx.root.isRunning ? rows : rows.filter(([, value]) => value !== "none found");
}

function languageText({ locale }: MachineReading): string {
  return [
    locale.timeZone ?? "no time zone",
    locale.locale ?? "no locale",
    locale.keyMap ? `keyboard ${locale.keyMap}` : "no keyboard layout",
  ].join(", ");
}

function sessionText({ session, invokingUser }: MachineReading): string {
  const who = invokingUser ? `${invokingUser.name}, ` : "";
  if (session.kind === "console") return `${who}on this machine`;
  return `${who}over SSH${session.clientAddress ? ` from ${session.clientAddress}` : ""}`;
}

function list(values: readonly string[]): string {
  return values.length === 0 ? "none found" : values.join("; ");
}
