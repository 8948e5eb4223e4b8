import type { Context } from "../program/context.ts";
import { syncFolder } from "./files.ts";

/** Up to so many files are synced one by one; one `sync -f` of the file system is quicker for more. */
const FEW = 12;

/**
 * Brings files, and the names in folders, to the disk. Many of them through sync(1) `-f`, which asks
 * once for the whole file system (syncfs(2)); one by one where that is not there.
 * @param paths host paths on one file system; what is not there any more is skipped
 */
export async function syncToDisk(ctx: Context, paths: readonly string[]): Promise<void> {
  if (paths.length > FEW && await syncFileSystem(ctx, paths[0]!)) return;
  for (const path of paths) {
    try {
      if (!Deno.lstatSync(path).isSymlink) syncFolder(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function syncFileSystem(ctx: Context, path: string): Promise<boolean> {
  if (ctx.run.which("sync") === undefined) return false;
  // Not stopped by a signal: it runs between the journal and its end.
  const { code } = await ctx.run("sync", ["-f", path], { accept: "any", signal: null });
  return code === 0;
}
