import type { Hardware } from "../../machine/hardware/hardware.ts";
import type { MappedBelow } from "../../machine/hardware/mapped_below.ts";
import type { Swap } from "../../machine/hardware/swap.ts";
import { merge, override, type Setting } from "./setting.ts";

/** What opens encrypted devices, as the running system has it. */
export interface RunningEncryption {
  /** What the root file system stands on. */
  readonly belowRoot: readonly MappedBelow[];
  /** Text of the crypttab(5) that NixOS made; undefined for none, and for one made by hand, which stays. */
  readonly crypttab: string | undefined;
}

/**
 * Encrypted devices that the next boot has to open beside those of the hardware file, for when nothing could be
 * evaluated: what the root file system and swap stand on, and what /etc/crypttab opens later. What else is
 * open now may be a stick.
 * @param declared names of the hardware file
 */
export function carryRunningEncryption(
  { belowRoot, crypttab }: RunningEncryption,
  { mappedDevices }: Pick<Hardware, "mappedDevices">,
  swap: Swap,
  declared: readonly string[],
): Setting[] {
  const lines = (crypttab ?? "").split("\n").map((line) => line.trim());
  const later = new Set(lines.map((line) => line.split(/\s/, 1)[0]));
  const needed = new Set([
    ...belowRoot.map(({ mappedName }) => mappedName),
    ...swap.areas.map(({ device }) => device.replace(/^\/dev\/mapper\//, "")),
  ]);
  const luks = mappedDevices.filter(({ luksUuid, mappedName }) =>
    luksUuid !== undefined && needed.has(mappedName) && !declared.includes(mappedName) &&
    !later.has(mappedName)
  );
  return [
    ...luks.map(({ mappedName, luksUuid }) =>
      override(
        ["boot", "initrd", "luks", "devices", mappedName, "device"],
        `/dev/disk/by-uuid/${luksUuid}`,
        "/sys/block",
      )
    ),
    ...(lines.every((line) => line === "" || line.startsWith("#"))
      ? []
      : [merge("environment.etc.crypttab.text", crypttab!, "/etc/crypttab")]),
  ];
}

/** Swap and hibernation as the running system has them, for when nothing could be evaluated. */
export function carryRunningSwap(swap: Swap, declared: readonly string[]): Setting[] {
  const areas = swap.areas.filter(({ kind, path, device, randomKey }) =>
    kind !== "zram" && !declared.includes(path) &&
    // Its place is overwritten at every boot: a name that may be another's then is none.
    !(randomKey && !device.startsWith("/dev/disk/")) &&
    // A file that was removed while it is in use (seq_file_path() of the kernel).
    !(kind === "file" && path.endsWith(" (deleted)"))
  );
  return [
    ...(areas.length > 0
      ? [
        merge(
          "swapDevices",
          areas.map(({ device, priority, randomKey }) => ({
            device,
            priority,
            ...(randomKey ? { randomEncryption: { enable: true } } : {}),
          })),
          "/proc/swaps",
        ),
      ]
      : []),
    ...(swap.resumeDevice
      ? [override("boot.resumeDevice", swap.resumeDevice, "/proc/cmdline")]
      : []),
    ...(swap.areas.some(({ kind }) => kind === "zram")
      ? [override("zramSwap.enable", true, "/proc/swaps")]
      : []),
  ];
}
