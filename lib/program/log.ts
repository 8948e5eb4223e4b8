import { printable } from "../machine/printable.ts";
import type { Log } from "./context.ts";
import type { LogFile } from "./log_file.ts";
import type { Screen } from "./output.ts";
import { renderStyles, style } from "./style.ts";

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
  readonly #screen: Screen;
  readonly #options: LogOptions;
  #file: LogFile | undefined;

  constructor(screen: Screen, options: LogOptions) {
    this.#screen = screen;
    this.#options = options;
  }

  /** From now on messages also go to this file. */
  attach(file: LogFile): void {
    this.#file = file;
  }

  debug(message: string): void {
    this.#file?.write("debug", plain(message));
    if (this.#options.verbose) this.#screen.stderr(this.#line(style.dim(message)));
  }

  info(message: string): void {
    this.#file?.write("info", plain(message));
    if (this.#options.allOnStderr) this.#screen.stderr(this.#line(message));
    else this.#screen.stdout(this.#line(message));
  }

  warn(message: string): void {
    this.#file?.write("warning", plain(message));
    this.#screen.stderr(this.#line(`${style.yellow("warning:")} ${message}`));
  }

  error(message: string): void {
    this.#file?.write("error", plain(message));
    const { errorPrefix } = this.#options;
    this.#screen.stderr(
      errorPrefix
        ? `${style.red(errorPrefix)} ${message}\n`
        : this.#line(`${style.red("error:")} ${message}`),
    );
  }

  #line(message: string): string {
    return `[${this.#options.tool}] ${message}\n`;
  }
}

function plain(message: string): string {
  return renderStyles(printable(message), false);
}
