import type { Context } from "../context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineText } from "../files/machine_files.ts";
import { unescapeOctal } from "./mounts.ts";

/** Swap in use. */
export interface SwapArea {
  /** A device or a file, as a machine path. */
  readonly path: string;
  /** "zram" is compressed memory, made anew at every start. */
  readonly kind: "partition" | "file" | "zram";
}

/** The swap of the running system. */
export interface Swap {
  readonly areas: readonly SwapArea[];
  /** The device the kernel was told to wake from (`resume=`), as it was told. */
  readonly resumeDevice: string | undefined;
}

/**
 * Reads /proc/swaps and the kernel's command line. A mounted machine uses no swap: both are empty there,
 * unless its own /proc was recorded.
 */
export function readSwap(ctx: Context): Swap {
  if (kernelContext(ctx, "/proc") !== ctx) return { areas: [], resumeDevice: undefined };
  const lines = (machineText(ctx, "/proc/swaps") ?? "").split("\n").slice(1);
  const commandLine = machineText(ctx, "/proc/cmdline") ?? "";
  return {
    areas: lines.flatMap((line): SwapArea[] => {
      const [path, type, , , priority] = line.split(/\s+/);
      if (!path?.startsWith("/") || priority === undefined) return [];
      const kind = path.startsWith("/dev/zram") ? "zram" : type === "file" ? "file" : "partition";
      return [{ path: unescapeOctal(path), kind }];
    }),
    resumeDevice: commandLine.trim().split(/\s+/).find((word) => word.startsWith("resume="))
      ?.slice("resume=".length),
  };
}
