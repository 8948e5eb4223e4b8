import type { Context } from "./context.ts";
import { ExitCode } from "./exit_code.ts";
import { foreignWriter, isRootOrSelf, toGiveToRoot } from "./files/file_trust.ts";
import { ensureDirectory, lstatIfExists, parentOf, setMode } from "./files/files.ts";
import { places } from "./places.ts";
import { openOrMake } from "./files/regular_file.ts";
import { unlessUsed } from "./files/unless_used.ts";
import { ToolError } from "./tool_error.ts";

/** How long Deno before 2.7, which has no `tryLock`, waits for a lock that is free (milliseconds). */
const FREE_WITHIN = 300;

/**
 * Takes the machine-wide lock: one tool at a time changes a machine. It is flock(2) on
 * `/run/hyper-nixos.lock`, so that it is free again when its holder dies, however it dies. The file
 * holds the process id for the message only. On a mounted machine, whose /run is on its disk, what was made
 * for the lock goes with it.
 * @returns dispose it to release the lock
 * @throws ToolError exit 1 when another tool holds it, 3 when others could hold it, 6 when it is no file
 */
export async function acquireLock(ctx: Context): Promise<Disposable> {
  const path = ctx.root.host(places.lock);
  const made = ctx.root.isRunning ? undefined : unlessUsed([parentOf(path), path]);
  ensureDirectory(parentOf(path), 0o755);
  refuseForeign(path, parentOf(path), lstatIfExists(parentOf(path)));
  using held = new DisposableStack();
  const { file, info } = held.use(openOrMake(path, { read: true, write: true }, 0o600));
  refuseForeign(path, path, info);
  // flock(2) asks for no right to write: whoever can open it can hold it.
  if (((info.mode ?? 0) & 0o077) !== 0) setMode(path, 0o600);
  if (!await tryLock(file)) {
    const holder = holderIn(file);
    throw new ToolError(
      `another tool is changing this machine${holder ? ` (process ${holder})` : ""}`,
      { hint: `wait until it has finished; look at it with: ps -fp ${holder || "PID"}` },
    );
  }
  // Its last holder may have removed it meanwhile.
  if (lstatIfExists(path)?.ino !== info.ino) return await acquireLock(ctx);
  held.use(made);
  file.seekSync(0, Deno.SeekMode.Start);
  file.truncateSync(0);
  file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  return held.move();
}

/** Who can open the file for writing can hold the lock for ever; who can write the folder, replace it. */
function refuseForeign(path: string, place: string, info: Deno.FileInfo | undefined): void {
  const problem = info && foreignWriter(info, isRootOrSelf);
  if (problem === undefined) return;
  throw new ToolError(`the lock ${path} is not safe: ${place} ${problem}`, {
    code: ExitCode.PermissionDenied,
    hint: `give it back to root: ${toGiveToRoot(place, "go-w")}`,
  });
}

/** The process id that the holder has written; empty when it is none. */
function holderIn(file: Deno.FsFile): string {
  const buffer = new Uint8Array(32);
  const text = new TextDecoder().decode(buffer.subarray(0, file.readSync(buffer) ?? 0)).trim();
  return /^\d+$/.test(text) ? text : "";
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
