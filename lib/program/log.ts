import { printable } from "../layout/printable.ts";
import type { Log } from "../machine/context.ts";
import type { Level, LogFile } from "./log_file.ts";
import type { Screen } from "./output.ts";
import { renderStyles, style, visibleWidth } from "../layout/style.ts";

/** How messages of one run are shown. */
export interface LogOptions {
  /** The executable's name, printed in brackets before every line. */
  readonly tool: string;
  /** Starts error lines in place of `[tool] error:`. */
  readonly errorPrefix?: string | undefined;
  readonly verbose: boolean;
  /** Everything on stderr, because stdout carries a JSON document. */
  readonly allOnStderr: boolean;
}

/** {@link Log} on a screen and, once {@link attach}ed, in a file. */
export class ScreenLog implements Log {
  #file: LogFile | undefined;

  constructor(private readonly screen: Screen, private readonly options: LogOptions) {}

  /** From now on messages also go to this file. */
  attach(file: LogFile): void {
    this.#file = file;
  }

  debug(message: string): void {
    this.#record("debug", message);
    if (this.options.verbose) this.screen.stderr(this.#line(style.dim(message), "stderr"));
  }

  info(message: string): void {
    this.#record("info", message);
    if (this.options.allOnStderr) this.screen.stderr(this.#line(message, "stderr"));
    else this.screen.stdout(this.#line(message, "stdout"));
  }

  warn(message: string): void {
    this.#record("warning", message);
    this.screen.stderr(this.#line(`${style.yellow("warning:")} ${message}`, "stderr"));
  }

  error(message: string, hint?: string): void {
    const { errorPrefix, tool } = this.options;
    const head = errorPrefix ? style.red(errorPrefix) : `[${tool}] ${style.red("error:")}`;
    this.#record("error", message);
    this.screen.stderr(this.#broken(`${head} ${message}`, "stderr"));
    if (hint === undefined) return;
    this.#record("error", `next: ${hint}`);
    this.screen.stderr(`${errorPrefix ?? `[${tool}]`}   ${style.bold("next:")} ${hint}\n`);
  }

  #record(level: Level, message: string): void {
    this.#file?.write(level, plain(message));
  }

  #line(message: string, stream: "stdout" | "stderr"): string {
    return this.#broken(`[${this.options.tool}] ${message}`, stream);
  }

  /** Broken between words; but for a command line, which must be copied whole. */
  #broken(text: string, stream: "stdout" | "stderr"): string {
    const columns = this.screen.messageColumns(stream);
    if (visibleWidth(text) <= columns || /\bsudo /.test(text)) return `${text}\n`;
    return text.split("\n").map((line) => breakMessage(line, columns)).join("\n") + "\n";
  }
}

/** Further lines are indented. A path or such that is half a line long stays where it is. */
function breakMessage(text: string, columns: number): string {
  const [first = "", ...words] = text.split(" ");
  let width = visibleWidth(first);
  let broken = first;
  for (const word of words) {
    const more = visibleWidth(word) + 1;
    const breaks = width + more > columns && more <= columns / 2;
    broken += (breaks ? "\n  " : " ") + word;
    width = breaks ? more + 1 : width + more;
  }
  return broken;
}

function plain(message: string): string {
  return renderStyles(printable(message));
}
