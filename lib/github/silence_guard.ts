import { TransferError } from "./transfer_error.ts";

/** What uses an answer has so long to notice an abort (milliseconds) before it is left behind. */
const GRACE = 2000;

/** Aborts a request that falls silent, or when the program is told to stop. */
export class SilenceGuard {
  readonly #controller = new AbortController();
  readonly #limit: number;
  readonly #outer: AbortSignal;
  readonly #abort = () => this.#end(this.#outer.reason);
  readonly #left = Promise.withResolvers<never>();
  #grace: ReturnType<typeof setTimeout> | undefined;
  #heard = performance.now();
  #timer: ReturnType<typeof setTimeout>;
  /** Set when silence was the reason. */
  reason: TransferError | undefined;

  /** @param limit milliseconds of silence that are too long */
  constructor(limit: number, outer: AbortSignal) {
    this.#limit = limit;
    this.#outer = outer;
    outer.throwIfAborted();
    this.#left.promise.catch(() => {});
    outer.addEventListener("abort", this.#abort, { once: true });
    this.#timer = setTimeout(() => this.#check(), limit);
  }

  /** For the request. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Rejects some time after the abort, so that nothing waits for a user who never notices it. */
  get left(): Promise<never> {
    return this.#left.promise;
  }

  /** Something arrived. */
  heard(): void {
    this.#heard = performance.now();
  }

  /** All has arrived: from now on silence is right. */
  complete(): void {
    clearTimeout(this.#timer);
  }

  /** The request is over. */
  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#grace);
    this.#outer.removeEventListener("abort", this.#abort);
    this.#controller.abort();
  }

  #check(): void {
    const left = this.#limit - (performance.now() - this.#heard);
    if (left > 0) this.#timer = setTimeout(() => this.#check(), left);
    else {
      const message = `silence for ${this.#limit / 1000} s`;
      this.reason = new TransferError("network", message, { silent: true });
      this.#end(this.reason);
    }
  }

  #end(reason: unknown): void {
    this.#controller.abort(reason);
    this.#grace = setTimeout(() => this.#left.reject(reason), GRACE);
  }
}
