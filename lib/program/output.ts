import { attempt } from "../machine/attempt.ts";
import { printable } from "../layout/printable.ts";
import { type Rendering, renderStyles } from "../layout/style.ts";

/** A sign is one column wide, its word in plain mode at most so much wider. */
const PLAIN_ROOM = 8;

/** How the environment wants text to look. */
export function wantedRendering(env: Readonly<Record<string, string>>): Required<Rendering> {
  return { colour: (env.NO_COLOR ?? "") === "", plain: env.TERM === "dumb" };
}

/** A stream of the process: standard output or standard error. */
interface Stream {
  writeSync(data: Uint8Array): number;
  isTerminal(): boolean;
}

/** Why no more is written to a stream: nobody is there to read it, or the file it goes to takes no more. */
type Ended = "gone" | Error;

/**
 * The one place that writes to the screen. A terminal that was closed (EIO) or a pipe that nobody
 * reads any more (EPIPE) silences its stream, and so does a full disk; the program goes on. Text is
 * escaped, then coloured.
 */
export class Screen {
  readonly colour: boolean;
  /** Words for signs, and nothing redrawn. */
  readonly plain: boolean;
  #stdoutEnd: Ended | undefined;
  #stderrEnd: Ended | undefined;
  #live = false;
  #held = false;

  /** @param wanted what the user allows: colour is used on terminals only */
  constructor(wanted: Rendering) {
    this.colour = wanted.colour && Deno.stderr.isTerminal() && Deno.stdout.isTerminal();
    this.plain = wanted.plain;
  }

  /** Writes a styled text to standard output. */
  stdout(text: string): void {
    this.erase();
    this.#stdoutEnd ??= write(Deno.stdout, this.#render(text));
  }

  /** Writes a program's text, in which nothing is to be escaped or cut any more, to standard output. */
  exact(text: string): void {
    this.erase();
    this.#stdoutEnd ??= write(Deno.stdout, text);
  }

  /** Writes a styled text to standard error. */
  stderr(text: string): void {
    this.erase();
    this.#err(this.#render(text));
  }

  /** Replaces the line that the last `redraw` left; for progress on a terminal. */
  redraw(text: string): void {
    if (this.#held) return;
    this.#live = true;
    this.#err("\r\x1b[2K" + this.#render(text));
  }

  /** Keeps progress off the screen while a question is on it; dispose it to go on. */
  hold(): Disposable {
    this.erase();
    this.#held = true;
    return { [Symbol.dispose]: () => void (this.#held = false) };
  }

  /** Removes what {@link redraw} left. */
  erase(): void {
    if (!this.#live) return;
    this.#live = false;
    this.#err("\r\x1b[2K");
  }

  /** False once one of the streams was found gone. */
  get isHeard(): boolean {
    return this.#stdoutEnd === undefined && this.#stderrEnd === undefined;
  }

  /** Why standard output has not got everything, although somebody wants it. */
  get stdoutFailure(): Error | undefined {
    return this.#stdoutEnd instanceof Error ? this.#stdoutEnd : undefined;
  }

  /** Columns that text may take: those of the terminal, 80 without one. */
  get columns(): number {
    const columns = attempt(() => Deno.consoleSize().columns) || 80;
    return columns - (this.plain ? PLAIN_ROOM : 0);
  }

  /** Columns at which a message is broken: on a terminal only, elsewhere it stays one line. */
  messageColumns(stream: "stdout" | "stderr"): number {
    return Deno[stream].isTerminal() ? this.columns : Infinity;
  }

  #err(text: string): void {
    this.#stderrEnd ??= write(Deno.stderr, text);
  }

  #render(text: string): string {
    return renderStyles(printable(text), this);
  }
}

/** @returns why it could not be written whole */
function write(stream: Stream, text: string): Ended | undefined {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += stream.writeSync(bytes.subarray(done));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) return endedBy(error);
      // A non-blocking pipe that is full: its reader needs a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return undefined;
}

/** EIO and EBADF: a terminal that went away, a stream that was closed before the start. */
function endedBy(error: unknown): Ended {
  const isGone = error instanceof Deno.errors.BrokenPipe || !(error instanceof Error) ||
    /\(os error [59]\)/.test(error.message);
  return isGone ? "gone" : error;
}
