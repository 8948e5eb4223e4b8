import type { Context } from "../context.ts";
import { parentOf } from "./files.ts";
import { cString, LIBC } from "./libc.ts";

/** Room on a file system. */
export interface FreeSpace {
  /** Bytes that this user may still write. */
  readonly bytes: number;
  /** Files that can still be made; undefined where the file system has no limit (btrfs). */
  readonly inodes: number | undefined;
}

/**
 * The room where a machine path is, or would be made (statfs(2)); undefined when it cannot be asked.
 */
export function freeSpace(ctx: Context, path: string): FreeSpace | undefined {
  for (let hostPath = ctx.root.follow(path);; hostPath = parentOf(hostPath)) {
    const space = spaceAt(hostPath);
    if (space !== undefined) return space;
    if (hostPath === "/" || hostPath === ctx.root.path) return undefined;
  }
}

/** `struct statfs` has so many words on processors of 64 bits. */
const STATFS_WORDS = 15;

let calls: { statfs(path: BufferSource, found: BufferSource): number } | undefined;

/**
 * The room on the file system of a host path, and its size in bytes; undefined when it cannot be asked.
 * By the C library: `node:fs` takes longer to load than all that is asked of it.
 */
export function spaceAt(path: string): FreeSpace & { readonly size: number } | undefined {
  const found = new BigUint64Array(STATFS_WORDS);
  try {
    calls ??= Deno.dlopen(LIBC, {
      statfs: { parameters: ["buffer", "buffer"], result: "i32" },
    }).symbols;
    if (calls.statfs(cString(path), found) !== 0) return undefined;
  } catch {
    return undefined;
  }
  const [, unit = 0, blocks = 0, , free = 0, files = 0, freeFiles] = [...found].map(Number);
  return { size: blocks * unit, bytes: free * unit, inodes: files > 0 ? freeFiles : undefined };
}
