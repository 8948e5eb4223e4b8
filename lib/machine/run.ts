import { attempt } from "./attempt.ts";
import { ExitCode } from "./exit_code.ts";
import { printableLine } from "../layout/printable.ts";
import { commandLine } from "./shell_words.ts";
import { spawn } from "./spawn.ts";
import { ToolError } from "./tool_error.ts";

/** How to start one child process. */
export interface RunOptions {
  /** This program's by default; `/` for another user, to whom this program's may be closed. */
  readonly cwd?: string;
  /** Added to the safe environment (see `child_environment.ts`). */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to the child's standard input, which is empty otherwise. */
  readonly input?: string | Uint8Array;
  /** Keeps standard input open until the child ends, without a word: its end says that this program is gone. */
  readonly keepInputOpen?: boolean;
  /** Milliseconds after which the child's process group is killed. */
  readonly timeout?: number;
  /** Called with each complete line (without newline) as it arrives. */
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /** Exit codes that are results and not failures; `[0]` by default, `"any"` never throws for a code. */
  readonly accept?: readonly number[] | "any";
  /**
   * `"own"` (default): a process group of its own and no terminal; an abort kills the whole group.
   * `"terminal"`: the child shares this program's terminal, for shells and programs that ask.
   */
  readonly group?: "own" | "terminal";
  /** Aborts the child; `null` for work that signals must not stop. The context's signal by default. */
  readonly signal?: AbortSignal | null;
  /** Keep at most this many bytes of each captured stream (the last ones); 64 MiB by default. */
  readonly capture?: number;
  /**
   * Whose rights the child gets, without supplementary groups, and of the environment only where programs
   * are; only root can give others' than its own.
   */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** How a child process ended. */
export interface RunResult {
  readonly command: string;
  readonly args: readonly string[];
  /** The exit code; `128 + N` after signal N. */
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** Starts child processes: an argument array, never a shell string. */
export interface Runner {
  /**
   * Runs a command to its end.
   * @throws ToolError exit 2 when the command is not found, exit 1 ({@link CommandError}) when it ends
   *   with a code that is not accepted or times out; the signal's reason when aborted
   */
  (command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The absolute path of a command on the safe PATH; undefined when there is none. */
  which(command: string): string | undefined;
  /** The environment children get; for processes started by other means. */
  readonly env: Readonly<Record<string, string>>;
}

/** What to do about a process that had no memory: the kernel stops such ones with KILL. */
export const MEMORY_HINT =
  "the kernel stops what takes more memory than there is (dmesg tells): stop something, or add swap";

/** A child process that failed; keeps all that is known about how. */
export class CommandError extends ToolError {
  constructor(readonly result: RunResult) {
    const last = result.stderr.trim().split("\n").slice(-3).map(printableLine).join(" / ");
    const how = result.timedOut
      ? "timed out"
      : result.signal
      ? `was ended by ${result.signal}`
      : `ended with exit code ${result.code}`;
    super(`${result.command} ${how}${last ? `: ${last}` : ""}`, {
      hint: result.signal === "SIGKILL" && !result.timedOut
        ? MEMORY_HINT
        : `to see it all, run: ${commandLine(result.command, result.args)}`,
    });
  }
}

/** The result of a command without which a run goes on: undefined for one that fails or takes too long. */
export async function ifItAnswers(result: Promise<RunResult>): Promise<RunResult | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

const CAPTURE_LIMIT = 64 * 1024 * 1024;
/** How long a process group has between TERM and KILL, in milliseconds. */
const TERM_GRACE = 5_000;
/**
 * How long output is read after a child has ended, in milliseconds. Its end is there at once, unless
 * something that it has started, and that has left its group, keeps the pipe open: nothing waits for that.
 */
const OUTPUT_GRACE = 2_000;

/**
 * The runner of this process.
 * @param environment the whole environment of children; a function is asked when the first one needs it
 * @param signal aborts children that do not name their own
 */
export function createRunner(
  environment: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>),
  signal: AbortSignal,
): Runner {
  let known: Readonly<Record<string, string>> | undefined;
  const env = () => known ??= typeof environment === "function" ? environment() : environment;
  const which = (command: string) => findOnPath(command, env().PATH ?? "");
  const run = async (command: string, args: readonly string[], options: RunOptions = {}) => {
    const path = which(command);
    if (path === undefined) {
      throw new ToolError(`command "${command}" not found`, {
        code: ExitCode.MissingDependency,
        hint: `install it; only folders that root alone can write are searched, and it is in none`,
      });
    }
    const given = options.user === undefined ? env() : forOthers(env());
    return await runChild(command, path, args, { ...given, ...options.env }, {
      signal,
      ...(options.user && { cwd: "/" }),
      ...options,
    });
  };
  const runner = Object.assign(run, { which, env: {} });
  return Object.defineProperty(runner, "env", { get: env });
}

/** A context whose children a signal of its own ends, too. */
export function withSignal<C extends { readonly run: Runner }>(ctx: C, signal: AbortSignal): C {
  return { ...ctx, signal, run: createRunner(ctx.run.env, signal) };
}

/** Whoever a process runs as can read its environment, where tokens may be (NIX_CONFIG, proxies). */
function forOthers(env: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = "", LC_ALL = "C.UTF-8" } = env;
  return { PATH, LC_ALL };
}

async function runChild(
  command: string,
  path: string,
  args: readonly string[],
  env: Record<string, string>,
  options: RunOptions,
): Promise<RunResult> {
  const signal = options.signal ?? undefined;
  signal?.throwIfAborted();
  const terminal = options.group === "terminal";
  const child = spawn(path, {
    args: [...args],
    env,
    clearEnv: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: terminal
      ? "inherit"
      : options.input !== undefined || options.keepInputOpen
      ? "piped"
      : "null",
    stdout: terminal ? "inherit" : "piped",
    stderr: terminal ? "inherit" : "piped",
    detached: !terminal,
    ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
  });

  let timedOut = false;
  let kill: (() => void) | undefined;
  const stop = () => kill ??= endGroup(child, terminal);
  const timer = options.timeout === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    stop();
  }, options.timeout);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const [status, stdout, stderr] = await Promise.all([
      child.status,
      terminal ? "" : collect(child.stdout, child.status, options, "stdout"),
      terminal ? "" : collect(child.stderr, child.status, options, "stderr"),
      !terminal && options.input !== undefined
        ? Promise.race([feed(child.stdin, options.input), child.status])
        : undefined,
    ]);
    const result: RunResult = {
      command,
      args,
      code: status.code,
      signal: status.signal,
      stdout,
      stderr,
      timedOut,
    };
    if (!terminal && options.keepInputOpen) await child.stdin.close().catch(() => {});
    signal?.throwIfAborted();
    const accept = options.accept ?? [0];
    const failed = timedOut || (accept !== "any" && !accept.includes(status.code));
    if (failed) throw new CommandError(result);
    return result;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    kill?.();
  }
}

/**
 * TERM for the whole group, and KILL after a while.
 * @returns sends KILL now, to what is left of the group when its leader has ended
 */
function endGroup(child: Deno.ChildProcess, terminal: boolean): () => void {
  const target = terminal ? child.pid : -child.pid;
  const send = (name: Deno.Signal) => {
    try {
      Deno.kill(target, name);
    } catch {
      // It is gone already.
    }
  };
  send("SIGTERM");
  const timer = setTimeout(() => send("SIGKILL"), TERM_GRACE);
  return () => {
    clearTimeout(timer);
    if (!terminal) send("SIGKILL");
  };
}

async function feed(stdin: WritableStream<Uint8Array>, input: string | Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  } catch {
    // A child may end without reading all of its input; its exit code tells what that means.
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  ended: Promise<unknown>,
  options: RunOptions,
  name: "stdout" | "stderr",
): Promise<string> {
  const limit = options.capture ?? CAPTURE_LIMIT;
  const decoder = new TextDecoder();
  let text = "";
  let pending = "";
  for await (const chunk of untilEnded(stream, ended)) {
    const part = decoder.decode(chunk, { stream: true });
    text += part;
    if (text.length > limit) text = text.slice(-limit);
    if (options.onLine === undefined) continue;
    const lines = (pending + part).split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) options.onLine(line, name);
  }
  if (pending !== "") options.onLine?.(pending, name);
  return text;
}

/** What a child writes, until it has ended. */
async function* untilEnded(
  stream: ReadableStream<Uint8Array>,
  ended: Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let reading = true;
  ended.then(() => {
    if (reading) timer = setTimeout(() => void reader.cancel(), OUTPUT_GRACE);
  });
  try {
    for (let read; !(read = await reader.read()).done;) yield read.value;
  } finally {
    reading = false;
    clearTimeout(timer);
    await reader.cancel();
  }
}

/**
 * The first executable file of this name; a name with a slash is a path.
 * @param path folders, as in PATH
 * @param fits which modes (of stat(2)) count besides
 */
export function findOnPath(
  command: string,
  path: string,
  fits: (mode: number) => boolean = () => true,
): string | undefined {
  const candidates = command.includes("/")
    ? [command]
    : path.split(":").map((directory) => `${directory}/${command}`);
  return candidates.find((candidate) => {
    const info = attempt(() => Deno.statSync(candidate));
    const mode = info?.mode ?? 0;
    return info?.isFile && (mode & 0o111) !== 0 && fits(mode);
  });
}
