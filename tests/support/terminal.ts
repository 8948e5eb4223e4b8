/**
 * A real terminal for tests: a program in a pane of a tmux server of its own (own socket, own
 * configuration), driven by keys and read as a screen.
 */
import { launch, type LaunchOptions } from "./launch.ts";
import { HANGS } from "./until.ts";

export interface TerminalOptions {
  /** Absolute path, or a name on the PATH of `env`. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; TERM is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly columns?: number;
  readonly rows?: number;
}

export interface Terminal extends AsyncDisposable {
  /** Sends keys by tmux's names: `Enter`, `Down`, `Space`, `C-c`, or a text. */
  send(...keys: string[]): Promise<void>;
  /** What is on the screen and has scrolled off it, without colour; trailing blanks are cut. */
  screen(): Promise<string>;
  /** The same with its escape sequences. */
  colouredScreen(): Promise<string>;
  /**
   * Resolves with the screen once it matches.
   * @throws Error showing the screen, when it never does
   */
  waitFor(pattern: RegExp): Promise<string>;
  resize(columns: number, rows: number): Promise<void>;
  /** The program's process id. */
  readonly pid: number;
  /** The exit code, once the program has ended; 128 + N after signal N. */
  exitCode(): Promise<number>;
  /** Takes the terminal away from the program, as a dropped SSH session: it gets HUP, then EIO. */
  hangup(): Promise<void>;
  /** Ends the server and with it the program. */
  close(): Promise<void>;
}

/** How often the screen is looked at, in milliseconds. */
const LOOK_EVERY = 30;

/** Opens a terminal in which a tool runs, see {@link launch}. */
export async function openToolTerminal(
  tool: string,
  args: readonly string[],
  options: LaunchOptions & { readonly columns?: number; readonly rows?: number } = {},
): Promise<Terminal> {
  const start = launch(tool, args, options);
  const terminal = await openTerminal({ ...options, ...start });
  const close = async () => {
    await terminal.close();
    start[Symbol.dispose]();
  };
  return { ...terminal, close, [Symbol.asyncDispose]: close };
}

/** Opens a terminal in which a command runs. */
export async function openTerminal(options: TerminalOptions): Promise<Terminal> {
  const folder = await Deno.makeTempDir({ prefix: "terminal-" });
  const socket = `${folder}/socket`;
  const tmux = async (...args: string[]): Promise<string> => {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-S", socket, "-f", "/dev/null", ...args],
      env: { LC_ALL: "C.UTF-8", TMUX: "" },
    }).output();
    if (!success) throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  };

  // A file of its own for the command: tmux joins arguments into a shell string.
  const words = [options.command, ...options.args].map(quote).join(" ");
  const variables = Object.entries({ TERM: "tmux-256color", ...options.env })
    .map(([name, value]) => quote(`${name}=${value}`)).join(" ");
  const script = `${folder}/start`;
  await Deno.writeTextFile(
    script,
    `cd ${quote(options.cwd ?? "/")}\nexec env -i ${variables} ${words}\n`,
  );
  const size = ["-x", String(options.columns ?? 100), "-y", String(options.rows ?? 40)];
  // One command, so that the pane's program cannot end before remain-on-exit is set.
  await tmux(
    "set",
    "-g",
    "remain-on-exit",
    "on",
    ";",
    "set",
    "-g",
    "history-limit",
    "5000",
    ";",
    "new-session",
    "-d",
    ...size,
    `exec sh ${quote(script)}`,
  )
    .catch(async (error) => {
      await Deno.remove(folder, { recursive: true });
      throw error;
    });
  const pid = Number(await tmux("display", "-p", "#{pane_pid}"));
  const capture = async (...flags: string[]) =>
    (await tmux("capture-pane", "-p", "-S", "-", ...flags)).trimEnd();
  const until = async <T>(
    look: () => Promise<T | undefined>,
    what: string,
  ): Promise<T> => {
    const end = Date.now() + HANGS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`${what} in ${HANGS} ms\n${await capture()}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  };
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await tmux("kill-server").catch(() => {});
    await Deno.remove(folder, { recursive: true });
  };
  return {
    pid,
    send: async (...keys) => void await tmux("send-keys", "--", ...keys),
    screen: () => capture(),
    colouredScreen: () => capture("-e"),
    waitFor: (pattern) =>
      until(
        async () => {
          const text = await capture();
          return pattern.test(text) ? text : undefined;
        },
        `the screen did not show ${pattern}`,
      ),
    resize: async (columns, rows) =>
      void await tmux("resize-window", "-x", String(columns), "-y", String(rows)),
    exitCode: () =>
      until(
        async () => {
          const text = await tmux(
            "display",
            "-p",
            "#{pane_dead} #{pane_dead_status} #{pane_dead_signal}",
          );
          const [dead, status, signal] = text.trimEnd().split(" ");
          if (dead !== "1") return undefined;
          if (!status && !signal) {
            // tmux with utempter can miss the SIGCHLD of a pane that closes; the end of any other
            // child makes it look again.
            await tmux("run-shell", "true");
            return undefined;
          }
          return status ? Number(status) : 128 + Number(signal);
        },
        "the program did not end",
      ),
    hangup: async () => {
      await tmux("kill-server");
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
