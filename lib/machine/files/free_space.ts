import { statfsSync } from "node:fs";
import type { Context } from "../context.ts";
import { parentOf } from "./files.ts";

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
    try {
      const { bavail, bsize, files, ffree } = statfsSync(hostPath);
      return { bytes: bavail * bsize, inodes: files > 0 ? ffree : undefined };
    } catch {
      if (hostPath === "/" || hostPath === ctx.root.path) return undefined;
    }
  }
}
