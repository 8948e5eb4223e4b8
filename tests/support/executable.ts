/** Runs the executables as real child processes; see launch.ts for what is started and how. */
import { launch, type LaunchOptions } from "./launch.ts";
import { HANGS, killGroup } from "./until.ts";

export interface RunToolOptions extends LaunchOptions {
  /** What it reads on standard input, which is empty otherwise. */
  readonly input?: string;
}

/** How a tool ended. */
export interface ToolResult {
  /** The exit code; 128 + N after signal N. */
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A tool that runs. */
export interface RunningTool extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly result: Promise<ToolResult>;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  kill(signal: Deno.Signal): void;
  write(text: string): Promise<void>;
  /**
   * Resolves with the first line of either stream that matches.
   * @throws Error with all output, when the tool ends or hangs without one
   */
  waitForLine(pattern: RegExp): Promise<string>;
  /** Stops reading its output and closes the pipes, as a pager that quits. */
  closeOutput(): Promise<void>;
}

/** Runs a tool to its end. @throws Error with all output, when it hangs, and then it is killed */
export async function runTool(
  tool: string,
  args: readonly string[],
  options: RunToolOptions = {},
): Promise<ToolResult> {
  await using running = startTool(tool, args, options);
  return await running.result;
}

/** Starts a tool in a process group of its own; disposing kills what is left of the group. */
export function startTool(
  tool: string,
  args: readonly string[],
  options: RunToolOptions = {},
): RunningTool {
  const start = launch(tool, args, options);
  const child = new Deno.Command(start.command, {
    args: [...start.args],
    env: { ...start.env },
    clearEnv: true,
    cwd: start.cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    void killGroup(child.pid);
  }, HANGS);

  const output = new Output();
  const stdout = output.collect(child.stdout, "stdout");
  const stderr = output.collect(child.stderr, "stderr");
  const writer = child.stdin.getWriter();
  const write = async (text: string) => {
    try {
      await writer.write(new TextEncoder().encode(text));
    } catch {
      // A tool may end without reading.
    }
  };
  const closed = options.input === undefined ? undefined : write(options.input);
  const close = async () => {
    await closed;
    try {
      await writer.close();
    } catch {
      // The same.
    }
  };
  const stdinClosed = options.input === undefined ? undefined : close();

  const result = (async () => {
    const status = await child.status;
    await Promise.all([stdout, stderr, stdinClosed]);
    clearTimeout(timer);
    if (stdinClosed === undefined) await close();
    start[Symbol.dispose]();
    output.end();
    if (timedOut) {
      throw new Error(`${tool} ${args.join(" ")} did not end in ${HANGS} ms\n${output.all()}`);
    }
    return {
      code: status.code,
      signal: status.signal,
      stdout: output.text.stdout,
      stderr: output.text.stderr,
    };
  })();
  // A test that never looks at the result must not end as an unhandled rejection.
  result.catch(() => {});
  return {
    pid: child.pid,
    result,
    get stdout() {
      return output.text.stdout;
    },
    get stderr() {
      return output.text.stderr;
    },
    kill: (signal) => child.kill(signal),
    write,
    waitForLine: (pattern) => output.waitFor(pattern),
    closeOutput: () => output.stop(),
    [Symbol.asyncDispose]: async () => {
      await killGroup(child.pid);
      await result.catch(() => {});
    },
  };
}

type StreamName = "stdout" | "stderr";

/** Both streams of a child, and those who wait for a line of them. */
class Output {
  readonly text = { stdout: "", stderr: "" };
  readonly #changed = new EventTarget();
  readonly #readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  #ended = false;

  async collect(stream: ReadableStream<Uint8Array>, name: StreamName): Promise<void> {
    const reader = stream.getReader();
    this.#readers.push(reader);
    const decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      this.text[name] += decoder.decode(value, { stream: true });
      this.#changed.dispatchEvent(new Event("change"));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.cancel()));
  }

  end(): void {
    this.#ended = true;
    this.#changed.dispatchEvent(new Event("change"));
  }

  all(): string {
    return `--- stdout\n${this.text.stdout}--- stderr\n${this.text.stderr}`;
  }

  waitFor(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        this.#changed.removeEventListener("change", look);
      };
      const look = () => {
        const lines = `${this.text.stdout}\n${this.text.stderr}`.split("\n");
        const line = lines.find((line) => pattern.test(line));
        if (line === undefined && !this.#ended) return;
        finish();
        if (line !== undefined) resolve(line);
        else reject(new Error(`no line matched ${pattern} before the end\n${this.all()}`));
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`no line matched ${pattern} in ${HANGS} ms\n${this.all()}`));
      }, HANGS);
      this.#changed.addEventListener("change", look);
      look();
    });
  }
}
