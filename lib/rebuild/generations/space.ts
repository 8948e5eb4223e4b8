import { amount } from "../../layout/amount.ts";
import { kernelFolder } from "../../machine/hardware/boot_loader.ts";
import { statIfSeen } from "../../machine/files/files.ts";
import { type FreeSpace, freeSpace } from "../../machine/files/free_space.ts";
import { readMounts } from "../../machine/hardware/mounts.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { type Generation, generations } from "../../nix/generations.ts";
import { specialisationNames, specialisationPath } from "../../nix/specialisation.ts";
import type { Context } from "../../machine/context.ts";
import { cleanPlan } from "./clean_plan.ts";

/** Below this a build is refused, or warned about (bytes): Nix starts without looking. */
const STORE_REFUSED = 256 * 1024 * 1024;
const STORE_LOW = 2 * 1024 * 1024 * 1024;
/** Fewer files than this cannot hold a system. */
const STORE_INODES = 5_000;

/** The boot menu is written anew beside the old one, also for kernels that are there (bytes, for some hundred entries). */
const BOOT_MENU = 128 * 1024;

/**
 * Looks at the room in the store before a build.
 * @throws ToolError when there is too little for any build
 */
export function requireStoreSpace(ctx: Context): void {
  const free = freeSpace(ctx, "/nix/store");
  if (free !== undefined) refuseSmallStore(ctx, free, "/nix/store");
}

/**
 * @param store its path, and where it is when that is not here
 * @throws ToolError when there is too little room for any build
 */
export function refuseSmallStore(ctx: Context, free: FreeSpace, store: string): void {
  const hint = "free some: sudo rebuild-helper --clean, then sudo nix-collect-garbage";
  if (free.bytes < STORE_REFUSED) {
    throw new ToolError(`only ${amount(free.bytes)} are free for ${store}`, { hint });
  }
  if (free.inodes !== undefined && free.inodes < STORE_INODES) {
    throw new ToolError(`only ${free.inodes} more files fit on the disk of ${store}`, { hint });
  }
  if (free.bytes < STORE_LOW) {
    ctx.log.warn(`only ${amount(free.bytes)} are free for ${store}; ${hint}`);
  }
}

/**
 * Makes sure that the kernel and initrd of a system fit where the boot loader copies them, before
 * anything is changed: a boot partition that runs full leaves a half-written menu.
 * @throws ToolError naming what is free, what is needed, and which generations would free how much
 */
export async function requireBootSpace(ctx: Context, toplevel: string): Promise<void> {
  const folder = kernelFolder(ctx, readMounts(ctx));
  const free = folder === undefined ? undefined : freeSpace(ctx, folder);
  if (folder === undefined || free === undefined) return;
  const there = new Set(
    generations(ctx).flatMap((generation) => bootFiles(ctx, generation.toplevel)),
  );
  const needed = bootFiles(ctx, toplevel).filter((path) => !there.has(path))
    .reduce((sum, path) => sum + (statIfSeen(ctx.root.host(path))?.size ?? 0), BOOT_MENU);
  if (needed <= free.bytes) return;
  throw new ToolError(
    `${folder} has ${amount(free.bytes)} free, the new kernel, initrd and menu need ${
      amount(needed)
    }`,
    { hint: await roomHint(ctx, needed - free.bytes) },
  );
}

/** Which generations to remove, oldest first, until there is room; each with what goes with it. */
async function roomHint(ctx: Context, missing: number): Promise<string> {
  const limit = "and set configurationLimit of the boot loader";
  const all = generations(ctx);
  const going: Generation[] = [];
  const parts: string[] = [];
  let freed = 0;
  for (const generation of await removable(ctx, all)) {
    going.push(generation);
    const bytes = freedOnBoot(ctx, going);
    parts.push(`generation ${generation.number} ${amount(bytes - freed)}`);
    freed = bytes;
    if (freed >= missing) break;
  }
  const last = going.at(-1);
  if (last === undefined) return `every generation is needed: make room there by hand, ${limit}`;
  const keep = Math.max(1, all.filter(({ number }) => number > last.number).length);
  return `sudo rebuild-helper --clean --keep ${keep} --keep-since 0 frees ${amount(freed)} there${
    freed < missing ? ", which is not enough" : ""
  } (${parts.join(", ")}); ${limit}`;
}

/** Generations that nothing needs, oldest first; none where that cannot be told. */
async function removable(ctx: Context, all: readonly Generation[]): Promise<Generation[]> {
  try {
    return (await cleanPlan(ctx, all, { keep: 1, keepSince: 0 }))
      .filter(({ kept }) => kept.length === 0).map(({ generation }) => generation);
  } catch (error) {
    if (error instanceof ToolError) return [];
    throw error;
  }
}

/** Bytes of kernels and initrds that no other generation has, where the boot loader copies them; else 0. */
export function freedOnBoot(ctx: Context, going: readonly Generation[]): number {
  if (kernelFolder(ctx, readMounts(ctx)) === undefined) return 0;
  const numbers = new Set(going.map(({ number }) => number));
  const staying = new Set(
    generations(ctx).filter(({ number }) => !numbers.has(number))
      .flatMap(({ toplevel }) => bootFiles(ctx, toplevel)),
  );
  const gone = new Set(going.flatMap(({ toplevel }) => bootFiles(ctx, toplevel)));
  return [...gone].filter((path) => !staying.has(path))
    .reduce((sum, path) => sum + (statIfSeen(ctx.root.host(path))?.size ?? 0), 0);
}

/** The boot menu has a system's specialisations, too. */
function bootFiles(ctx: Context, toplevel: string): string[] {
  const own = specialisationNames(ctx, toplevel)
    .flatMap((name) => specialisationPath(ctx, toplevel, name) ?? []);
  const files = [toplevel, ...own].flatMap((system) =>
    ["kernel", "initrd"].map((name) => ctx.root.realPath(`${system}/${name}`))
  );
  return [...new Set(files)];
}
