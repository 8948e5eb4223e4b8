import type { Log, Progress } from "../machine/context.ts";
import type { Screen } from "./output.ts";
import { renderStyles, style, visibleWidth } from "../layout/style.ts";

/** The bar is drawn at most this often, and without a terminal a line is printed this often (ms). */
const DRAW_EVERY = 80;
const LINE_EVERY = 10_000;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/**
 * Progress on the one writer: @clack/prompts' own bar puts the terminal in raw mode and ends the
 * process on Ctrl-C, which must not happen while files are being applied.
 * @param live whether stderr is a terminal that can be redrawn
 */
export function startProgress(
  screen: Screen,
  log: Log,
  live: boolean,
  label: string,
  total?: number,
): Progress {
  return live ? new Bar(screen, log, label, total) : new Lines(log, label, total);
}

abstract class Work implements Progress {
  #ended = false;

  constructor(
    readonly log: Log,
    readonly label: string,
    readonly total: number | undefined,
  ) {}

  abstract update(position: number, note?: string): void;

  done(message: string): void {
    if (this.end()) this.log.info(message);
  }

  fail(message: string): void {
    if (this.end()) this.log.warn(message);
  }

  protected get ended(): boolean {
    return this.#ended;
  }

  /** Returns false when it has ended before. */
  protected end(): boolean {
    const first = !this.#ended;
    this.#ended = true;
    return first;
  }

  /** Between 0 and 1; undefined where the total, or how far it is, is not known. */
  protected share(position: number): number | undefined {
    const share = this.total ? position / this.total : NaN;
    return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : undefined;
  }
}

class Bar extends Work {
  readonly #timer: ReturnType<typeof setInterval>;
  #position = 0;
  #note = "";
  #frame = 0;

  constructor(readonly screen: Screen, log: Log, label: string, total: number | undefined) {
    super(log, label, total);
    this.#timer = setInterval(() => this.#draw(), DRAW_EVERY);
    Deno.unrefTimer(this.#timer);
    this.#draw();
  }

  update(position: number, note = ""): void {
    this.#position = position;
    this.#note = note;
  }

  protected override end(): boolean {
    if (!super.end()) return false;
    clearInterval(this.#timer);
    this.screen.erase();
    return true;
  }

  #draw(): void {
    const frame = FRAMES[this.#frame++ % FRAMES.length]!;
    const width = Math.min(20, Math.max(8, this.screen.columns - 60));
    const text = `${style.cyan(frame)} ${this.label}${this.#bar(width)} ${this.#note}`;
    this.screen.redraw(visibleWidth(text) < this.screen.columns ? text : this.#short(text));
  }

  #bar(width: number): string {
    const share = this.share(this.#position);
    if (share === undefined) return "";
    const filled = Math.round(share * width);
    return ` ${style.cyan("█".repeat(filled))}${style.dim("░".repeat(width - filled))}`;
  }

  /** Without its styles, and cut: a line that wraps cannot be redrawn. */
  #short(text: string): string {
    return [...renderStyles(text)].slice(0, this.screen.columns - 1).join("");
  }
}

class Lines extends Work {
  #last = Date.now();

  constructor(log: Log, label: string, total: number | undefined) {
    super(log, label, total);
    log.debug(`${label} …`);
  }

  update(position: number, note = ""): void {
    if (Date.now() - this.#last < LINE_EVERY || this.ended) return;
    this.#last = Date.now();
    const share = this.share(position);
    const percent = share === undefined ? "" : ` ${Math.floor(100 * share)} %`;
    this.log.info(`${this.label}${percent}${note ? ` ${note}` : ""}`);
  }
}
