import type { Context } from "../program/context.ts";
import { ensureDirectory, parentOf } from "./files.ts";
import { places } from "./places.ts";
import { ToolError } from "./tool_error.ts";

/** How long Deno before 2.7, which has no `tryLock`, waits for a lock that is free (milliseconds). */
const FREE_WITHIN = 300;

/**
 * Takes the machine-wide lock: one tool at a time changes a machine. It is flock(2) on
 * `/run/hyper-nixos.lock`, so that it is free again when its holder dies, however it dies. The file
 * holds the process id for the message only.
 * @returns dispose it to release the lock
 * @throws ToolError exit 1 when another tool holds it
 */
export async function acquireLock(ctx: Context): Promise<Disposable> {
  const path = ctx.root.host(places.lock);
  ensureDirectory(parentOf(path), 0o755);
  const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o644 });
  try {
    if (!await tryLock(file)) {
      const holder = Deno.readTextFileSync(path).trim();
      throw new ToolError(
        `another tool is changing this machine${holder ? ` (process ${holder})` : ""}`,
        { hint: `wait until it has finished; look at it with: ps -fp ${holder || "PID"}` },
      );
    }
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

async function tryLock(file: Deno.FsFile): Promise<boolean> {
  if ("tryLock" in file && typeof file.tryLock === "function") {
    return await file.tryLock(true) as boolean;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), FREE_WITHIN);
  });
  const locked = file.lock(true).then(() => true, () => false);
  return await Promise.race([locked, late]).finally(() => clearTimeout(timer));
}
