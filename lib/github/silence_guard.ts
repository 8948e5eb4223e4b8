import { type Alarm, alarm } from "./alarm.ts";
import { TransferError } from "../git/transfer_error.ts";

/** What uses an answer has so long to notice an abort (milliseconds) before it is left behind. */
const GRACE = 2000;

/** In so many times the silence that is too long, so many bytes must come: less is no better than silence. */
const WINDOW = 6;
const LEAST = 1024;

/** Aborts a request that falls silent, drips, takes too long, or when the program is told to stop. */
export class SilenceGuard {
  readonly #controller = new AbortController();
  /** For the request. */
  readonly signal: AbortSignal = this.#controller.signal;
  readonly #abort = () => this.#end(this.outer.reason);
  readonly #left = Promise.withResolvers<never>();
  /** Rejects some time after the abort, so that nothing waits for a user who never notices it. */
  readonly left: Promise<never> = this.#left.promise;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #heard = performance.now();
  #windowStart = performance.now();
  #windowBytes = 0;
  #timer: Alarm;
  /** Set when silence was the reason. */
  reason: TransferError | undefined;

  /**
   * @param limit milliseconds of silence that are too long
   * @param deadline when all has to be here (of `performance.now()`)
   */
  constructor(
    private readonly limit: number,
    private readonly deadline: number,
    private readonly outer: AbortSignal,
  ) {
    outer.throwIfAborted();
    this.left.catch(() => {});
    outer.addEventListener("abort", this.#abort, { once: true });
    this.#timer = alarm(Math.min(limit, this.#timeLeft), () => this.#check());
  }

  /** Something arrived. */
  heard(bytes = 0): void {
    this.#heard = performance.now();
    this.#windowBytes += bytes;
  }

  /** All has arrived: from now on silence is right. */
  complete(): void {
    this.#timer[Symbol.dispose]();
  }

  /** The request is over. */
  stop(): void {
    this.#timer[Symbol.dispose]();
    if (this.#grace !== undefined) clearTimeout(this.#grace);
    this.outer.removeEventListener("abort", this.#abort);
    this.#controller.abort();
  }

  get #timeLeft(): number {
    return Math.max(0, this.deadline - performance.now());
  }

  #check(): void {
    const now = performance.now();
    const silence = this.limit - (now - this.#heard);
    const window = this.limit * WINDOW - (now - this.#windowStart);
    const seconds = (milliseconds: number) => `${Math.round(milliseconds / 100) / 10} s`;
    if (this.#timeLeft <= 0) this.#giveUp("not all is here when the time for it is over", true);
    else if (silence <= 0) this.#giveUp(`silence for ${seconds(this.limit)}`);
    else if (window <= 0 && this.#windowBytes < LEAST) {
      this.#giveUp(`only ${this.#windowBytes} bytes in ${seconds(this.limit * WINDOW)}`);
    } else {
      if (window <= 0) {
        this.#windowStart = now;
        this.#windowBytes = 0;
      }
      const next = Math.min(silence, this.#timeLeft, window > 0 ? window : Infinity);
      this.#timer = alarm(next, () => this.#check());
    }
  }

  #giveUp(message: string, late = false): void {
    this.reason = new TransferError("network", message, { silent: true, late });
    this.#end(this.reason);
  }

  #end(reason: unknown): void {
    this.#controller.abort(reason);
    this.#grace = setTimeout(() => this.#left.reject(reason), GRACE);
  }
}
