import { launch, type LaunchOptions } from "../support/launch.ts";
import { HANGS } from "../support/until.ts";
import { describeStrike, type Strike, traced, wasDelivered } from "./strike.ts";

/** Kept of each stream of a run. */
const KEPT = 256 * 1024;

/** How a run ended. */
export interface StruckRun {
  readonly tool: string;
  readonly args: readonly string[];
  readonly strike: Strike | undefined;
  /** Its process id: also that of its process group. */
  readonly pid: number;
  /** 128 + N after signal N. */
  readonly code: number;
  /** The signal that ended it, where it did not see to that itself. */
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether the strike was delivered. */
  readonly hit: boolean;
  /** Whether it, or one of its children, was ended by a SIGKILL: nobody could clean up. */
  readonly killed: boolean;
  readonly hung: boolean;
  readonly seconds: number;
}

/** What a run is started with, besides how. */
export interface StruckOptions extends LaunchOptions {
  readonly strike?: Strike | undefined;
  /** Where strace writes what it did. */
  readonly traceFile: string;
}

/** Runs a tool to its end, struck on the way. */
export async function struckRun(
  tool: string,
  args: readonly string[],
  options: StruckOptions,
): Promise<StruckRun> {
  const { strike, traceFile } = options;
  using start = launch(tool, args, options);
  const [command, ...rest] = traced([start.command, ...start.args], strike, traceFile);
  const started = performance.now();
  const child = new Deno.Command(command!, {
    args: rest,
    env: { ...start.env },
    clearEnv: true,
    cwd: start.cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  let hung = false;
  let hit = strike?.kind === "pipe";
  const hangs = setTimeout(() => {
    hung = true;
    send(-child.pid, "SIGKILL");
  }, HANGS);
  let status = child.status;
  if (strike?.kind === "timed") {
    const target = strike.group ? -child.pid : child.pid;
    const struck = setTimeout(() => hit = send(target, strike.signal), strike.ms);
    // Once it has ended its number may be another's.
    status = status.finally(() => clearTimeout(struck));
  }
  const closes = strike?.kind === "pipe";
  const [{ code, signal }, stdout, stderr] = await Promise.all([
    status,
    closes ? child.stdout.cancel().then(() => "") : collect(child.stdout),
    closes ? child.stderr.cancel().then(() => "") : collect(child.stderr),
  ]);
  clearTimeout(hangs);
  if (strike?.kind === "signal" || strike?.kind === "error") {
    hit = wasDelivered(strike, readAndRemove(traceFile));
  }
  const kills = strike !== undefined && "signal" in strike && strike.signal === "SIGKILL";
  return {
    tool,
    args,
    strike,
    pid: child.pid,
    code,
    signal,
    stdout,
    stderr,
    hit,
    killed: kills && hit,
    hung,
    seconds: (performance.now() - started) / 1000,
  };
}

/** One line: what was started, what hit it, how it ended. */
export function describeRun(run: StruckRun): string {
  const { tool, args, strike, code, hit, hung, seconds } = run;
  const missed = strike !== undefined && !hit ? " (missed)" : "";
  const end = hung ? "hung" : `exit ${code}`;
  return `${tool} ${args.join(" ")}: ${describeStrike(strike)}${missed}, ${end}, ${
    seconds.toFixed(1)
  } s`;
}

function send(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    if (text.length < KEPT) text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function readAndRemove(path: string): string {
  try {
    const text = Deno.readTextFileSync(path);
    Deno.removeSync(path);
    return text;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
