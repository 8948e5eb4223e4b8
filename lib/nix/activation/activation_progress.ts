import { lstatIfExists, writeFileAtomic } from "../../machine/files/files.ts";
import { machineText } from "../../machine/files/machine_files.ts";
import { openRegular } from "../../machine/files/regular_file.ts";
import type { Context } from "../../machine/context.ts";
import { ifItAnswers } from "../../machine/run.ts";
import { ACTIVATION_UNIT, hasSystemd } from "./activation_start.ts";
import {
  activationFiles,
  activationIds,
  type ActivationStatus,
  bootId,
  readActivationStatus,
} from "./activation_status.ts";

/** How often the log and the status are looked at, in milliseconds. */
const LOOK_EVERY = 150;
/** systemd is asked only every so many looks. */
const ASK_EVERY = 10;

/** An activation that nobody has been told the end of. */
export interface UnreportedActivation {
  readonly status: ActivationStatus;
  /** Still under way; otherwise `status` says how far it came. */
  readonly running: boolean;
}

/** What to call while an activation goes on. */
export interface ActivationWatcher {
  readonly onLine: (line: string) => void;
  readonly onStatus?: (status: ActivationStatus) => void;
  /** The size of the log before the activation, in bytes: what is in front is not its output. */
  readonly logFrom?: number;
}

/**
 * Shows the log of an activation until it has ended.
 * @param log its host path
 * @returns the last status; its phase is not "done" when the script was killed; undefined when it never
 *   came to recording one
 */
export async function followActivation(
  ctx: Context,
  id: string,
  log: string,
  watcher: ActivationWatcher,
): Promise<ActivationStatus | undefined> {
  const tail = new Tail(log, watcher.logFrom ?? 0);
  for (let look = 1;; look++) {
    const ended = look % ASK_EVERY === 0 && !await isRunning(ctx, id);
    const status = readActivationStatus(ctx, id);
    tail.lines().forEach(watcher.onLine);
    if (status) watcher.onStatus?.(status);
    if (ended || status?.phase === "done") {
      tail.rest().forEach(watcher.onLine);
      return status;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}

/** The newest activation whose end no tool has reported; undefined for none. */
export async function unfinishedActivation(
  ctx: Context,
): Promise<UnreportedActivation | undefined> {
  const id = activationIds(ctx).at(-1);
  if (id === undefined) return undefined;
  const status = readActivationStatus(ctx, id);
  if (status === undefined) return undefined;
  if (lstatIfExists(ctx.root.host(activationFiles(id).reported)) !== undefined) return undefined;
  return { status, running: status.phase !== "done" && await isRunning(ctx, id) };
}

/** Remembers that the user has been told how an activation ended. */
export function markReported(ctx: Context, id: string): void {
  writeFileAtomic(ctx.root.host(activationFiles(id).reported), "", { mode: 0o600 });
}

/** Keeps the system of an activation that waits for its confirmation. */
export function confirmActivation(ctx: Context, id: string): void {
  writeFileAtomic(ctx.root.host(activationFiles(id).confirmed), "", { mode: 0o600 });
}

/** Whether the script's process is there, or systemd still has its unit (killed, going back). */
async function isRunning(ctx: Context, id: string): Promise<boolean> {
  const status = readActivationStatus(ctx, id);
  if (status !== undefined && status.bootId !== bootId(ctx)) return false;
  if (status !== undefined) {
    const script = activationFiles(id).script;
    // A process that ends while it is read is gone, too (ESRCH).
    const commandLine = machineText(ctx, `/proc/${status.pid}/cmdline`) ?? "";
    if (commandLine.split("\0").some((word) => word.endsWith(script))) return true;
  }
  if (!hasSystemd(ctx) || !ctx.run.which("systemctl")) return false;
  const answer = await ifItAnswers(
    ctx.run("systemctl", ["is-active", `${ACTIVATION_UNIT}.service`], {
      accept: "any",
      timeout: 20_000,
      signal: null,
    }),
  );
  return /^(active|activating|deactivating|reloading)$/.test(answer?.stdout.trim() ?? "");
}

/** The complete lines that were appended to a file since the last look. */
class Tail {
  readonly #decoder = new TextDecoder();
  #pending = "";

  constructor(readonly path: string, private position: number) {}

  lines(): string[] {
    this.#pending += this.#decoder.decode(this.#appended(), { stream: true });
    const lines = this.#pending.split("\n");
    this.#pending = lines.pop() ?? "";
    return lines;
  }

  rest(): string[] {
    const lines = this.lines();
    return this.#pending === "" ? lines : [...lines, this.#pending];
  }

  #appended(): Uint8Array {
    if (lstatIfExists(this.path) === undefined) return new Uint8Array();
    using opened = openRegular(this.path);
    const { file, info } = opened;
    const size = info.size - this.position;
    if (size <= 0) return new Uint8Array();
    file.seekSync(this.position, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size);
    const read = file.readSync(bytes) ?? 0;
    this.position += read;
    return bytes.subarray(0, read);
  }
}
