import type { Context } from "../context.ts";
import { kernelContext, kernelText } from "./kernel_files.ts";

/** A mounted file system of the machine under management. */
export interface Mount {
  /** A machine path. */
  readonly mountPoint: string;
  /** The device (`/dev/sda2`), dataset (`rpool/root`) or name (`tmpfs`) it comes from. */
  readonly source: string;
  readonly fsType: string;
  /** Mount options, then those of the file system, without repetition. */
  readonly options: readonly string[];
  /** Whether this mount is read-only, or the whole file system (also after an error, whatever the mount says). */
  readonly readOnly: "no" | "mount" | "file system";
  /** `major:minor` of the device. */
  readonly device: string;
}

/**
 * Reads proc_pid_mountinfo(5). Of a mounted machine, what is mounted below its root, as seen from inside;
 * of a machine whose own /proc was recorded, what that says. Of mounts over each other, the uppermost.
 */
export function readMounts(ctx: Context): Mount[] {
  const text = kernelText(ctx, "/proc/self/mountinfo") ?? "";
  const all = text.split("\n").flatMap((line) => parseLine(line) ?? []);
  const byMountPoint = new Map<string, Mount>();
  for (const mount of seenFromInside(ctx, all)) {
    byMountPoint.delete(mount.mountPoint);
    byMountPoint.set(mount.mountPoint, mount);
  }
  return [...byMountPoint.values()];
}

/** The mount that a machine path lies on; undefined when that is not known. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts.filter(({ mountPoint }) => isWithin(mountPoint, path))
    .sort((one, other) => other.mountPoint.length - one.mountPoint.length)[0];
}

/** Undoes the octal escapes of mountinfo, /proc/swaps and fstab(5): space, tab, newline, backslash. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

function seenFromInside(ctx: Context, mounts: readonly Mount[]): Mount[] {
  if (ctx.root.isRunning) return [...mounts];
  const inside = mounts.filter(({ mountPoint }) => isWithin(ctx.root.path, mountPoint));
  const recorded = inside.length === 0 && kernelContext(ctx, "/proc") === ctx;
  if (recorded) return [...mounts];
  return inside.map((mount) => ({ ...mount, mountPoint: ctx.root.machine(mount.mountPoint) }));
}

function parseLine(line: string): Mount | undefined {
  const [left, right] = line.split(" - ");
  const [, , device, , mountPoint, options] = left?.split(" ") ?? [];
  const [fsType, source, superOptions] = right?.split(" ") ?? [];
  if (!device || !mountPoint || !options || !fsType || source === undefined) {
    return undefined;
  }
  const isReadOnly = (list: string | undefined) => list?.split(",").includes("ro") ?? false;
  return {
    mountPoint: unescapeOctal(mountPoint),
    source: unescapeOctal(source),
    fsType,
    options: [...new Set([...options.split(","), ...(superOptions?.split(",") ?? [])])],
    readOnly: isReadOnly(superOptions) ? "file system" : isReadOnly(options) ? "mount" : "no",
    device,
  };
}

function isWithin(folder: string, path: string): boolean {
  return folder === "/" || path === folder || path.startsWith(folder + "/");
}
