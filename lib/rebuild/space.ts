import { amount } from "../machine/amount.ts";
import { readBootFiles } from "../machine/boot_loader.ts";
import { statIfSeen } from "../machine/files.ts";
import { freeSpace } from "../machine/free_space.ts";
import { mountOf, readMounts } from "../machine/mounts.ts";
import { ToolError } from "../machine/tool_error.ts";
import { generations } from "../nix/generations.ts";
import type { Context } from "../program/context.ts";

/** Below this a build is refused, or warned about (bytes): Nix starts without looking. */
const STORE_REFUSED = 256 * 1024 * 1024;
const STORE_LOW = 2 * 1024 * 1024 * 1024;
/** Fewer files than this cannot hold a system. */
const STORE_INODES = 5_000;

/**
 * Looks at the room in the store before a build.
 * @throws ToolError when there is too little for any build
 */
export function requireStoreSpace(ctx: Context): void {
  const free = freeSpace(ctx, "/nix/store");
  if (free === undefined) return;
  const hint = "free some: nix-collect-garbage --delete-older-than 14d";
  if (free.bytes < STORE_REFUSED) {
    throw new ToolError(`only ${amount(free.bytes)} are free for /nix/store`, { hint });
  }
  if (free.inodes !== undefined && free.inodes < STORE_INODES) {
    throw new ToolError(`only ${free.inodes} more files fit on the disk of /nix/store`, { hint });
  }
  if (free.bytes < STORE_LOW) {
    ctx.log.warn(`only ${amount(free.bytes)} are free for /nix/store; ${hint}`);
  }
}

/**
 * Makes sure that the kernel and initrd of a system fit where the boot loader copies them, before
 * anything is changed: a boot partition that runs full leaves a half-written menu.
 * @throws ToolError naming what is free and what is needed
 */
export function requireBootSpace(ctx: Context, toplevel: string): void {
  const folder = kernelFolder(ctx);
  const free = folder === undefined ? undefined : freeSpace(ctx, folder);
  if (folder === undefined || free === undefined) return;
  const there = new Set(
    generations(ctx).flatMap((generation) => bootFiles(ctx, generation.toplevel)),
  );
  const needed = bootFiles(ctx, toplevel).filter((path) => !there.has(path))
    .reduce((sum, path) => sum + (statIfSeen(ctx.root.host(path))?.size ?? 0), 0);
  if (needed <= free.bytes) return;
  throw new ToolError(
    `${folder} has ${amount(free.bytes)} free, the new kernel and initrd need ${amount(needed)}`,
    {
      hint: "remove old generations: nix-collect-garbage --delete-older-than 14d, then " +
        "rebuild-helper boot; and set configurationLimit of the boot loader",
    },
  );
}

/** Where the boot loader keeps kernels: the ESP, or /boot where that is not the store's file system. */
function kernelFolder(ctx: Context): string | undefined {
  const mounts = readMounts(ctx);
  const { loaders, esps } = readBootFiles(ctx, mounts);
  if (loaders.includes("systemd-boot")) return esps[0]?.mountPoint;
  const [boot, store] = [mountOf(mounts, "/boot"), mountOf(mounts, "/nix/store")];
  return boot !== undefined && boot.source !== store?.source ? "/boot" : undefined;
}

function bootFiles(ctx: Context, toplevel: string): string[] {
  return ["kernel", "initrd"].map((name) => ctx.root.realPath(`${toplevel}/${name}`));
}
