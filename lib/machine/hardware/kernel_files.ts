import { attempt } from "../attempt.ts";
import type { Context } from "../context.ts";
import { listIfExists } from "../files/files.ts";
import { machineText } from "../files/machine_files.ts";
import { Root } from "../root.ts";

const RUNNING = new Root("/");

/**
 * A context that reads /proc, /sys and /dev: those of the machine's own root where that folder is
 * there and not empty (bound there by nixos-enter, or a scratch machine), otherwise those of the
 * running machine: as with `nixos-install --root`, the hardware is that of the machine you sit at.
 */
export function kernelContext(ctx: Context, folder: "/proc" | "/sys" | "/dev"): Context {
  const entries = ctx.root.isRunning || attempt(() => listIfExists(ctx.root.host(folder)))?.length;
  return entries ? ctx : { ...ctx, root: RUNNING };
}

/** The text of a file of /proc or /sys; undefined when it cannot be read. */
export function kernelText(ctx: Context, path: string): string | undefined {
  const folder = path.startsWith("/proc/") ? "/proc" : "/sys";
  return machineText(kernelContext(ctx, folder), path);
}

/**
 * Whether a character device is at a path of /dev, links followed. Not a folder or a file that a container's
 * mount has made there; in the record of a machine, which may hold no nodes, a file stands for one.
 */
export function hasDevice(ctx: Context, path: string): boolean {
  const { root } = kernelContext(ctx, "/dev");
  const info = attempt(() => Deno.statSync(root.follow(path)));
  return info?.isCharDevice === true || info?.isFile === true && !root.isRunning;
}
