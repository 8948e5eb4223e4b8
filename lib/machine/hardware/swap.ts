import type { Context } from "../context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder, machineText } from "../files/machine_files.ts";
import { unescapeOctal } from "./mounts.ts";

/** Swap in use. */
export interface SwapArea {
  /** A device or a file, as a machine path: the kernel's, of what lies below where the key is random. */
  readonly path: string;
  /** The same by a name that stays when devices are found in another order. */
  readonly device: string;
  /** Undefined where the kernel chose it. */
  readonly priority: number | undefined;
  /** Encrypted with a key that nobody knows after the next boot. */
  readonly randomKey: boolean;
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
      const chosen = Number(priority) >= 0 ? Number(priority) : undefined;
      return [{ ...named(ctx, unescapeOctal(path)), kind, priority: chosen }];
    }),
    resumeDevice: commandLine.trim().split(/\s+/).find((word) => word.startsWith("resume="))
      ?.slice("resume=".length),
  };
}

/** Devices that device-mapper makes are numbered as they come. */
function named(ctx: Context, path: string): Pick<SwapArea, "path" | "device" | "randomKey"> {
  const sys = kernelContext(ctx, "/sys");
  const name = path.replace(/^\/dev\//, "");
  const mapped = machineText(sys, `/sys/block/${name}/dm/name`)?.trim();
  const uuid = machineText(sys, `/sys/block/${name}/dm/uuid`) ?? "";
  const [below] = machineFolder(sys, `/sys/block/${name}/slaves`);
  if (uuid.startsWith("CRYPT-PLAIN-") && below !== undefined) {
    // UUID and label are written over at every boot.
    return {
      path: `/dev/${below}`,
      device: stableName(ctx, below, ["by-partuuid", "by-id"]),
      randomKey: true,
    };
  }
  const device = mapped === undefined
    ? path.startsWith("/dev/") ? stableName(ctx, name, ["by-uuid", "by-partuuid"]) : path
    : `/dev/mapper/${mapped}`;
  return { path, device, randomKey: false };
}

function stableName(ctx: Context, name: string, folders: readonly string[]): string {
  const dev = kernelContext(ctx, "/dev");
  const links = folders.flatMap((folder) =>
    machineFolder(dev, `/dev/disk/${folder}`).map((entry) => `/dev/disk/${folder}/${entry}`)
  );
  return links.find((link) => dev.root.realPath(link) === `/dev/${name}`) ?? `/dev/${name}`;
}
