import { TransferError } from "./transfer_error.ts";

/** Aborts a request that falls silent, or when the program is told to stop. */
export class SilenceGuard {
  readonly #controller = new AbortController();
  readonly #limit: number;
  readonly #outer: AbortSignal;
  readonly #abort = () => this.#controller.abort(this.#outer.reason);
  #heard = performance.now();
  #timer: ReturnType<typeof setTimeout>;
  /** Set when silence was the reason. */
  reason: TransferError | undefined;

  /** @param limit milliseconds of silence that are too long */
  constructor(limit: number, outer: AbortSignal) {
    this.#limit = limit;
    this.#outer = outer;
    outer.throwIfAborted();
    outer.addEventListener("abort", this.#abort, { once: true });
    this.#timer = setTimeout(() => this.#check(), limit);
  }

  /** For the request. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something arrived. */
  heard(): void {
    this.#heard = performance.now();
  }

  /** The request is over. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#abort);
    this.#controller.abort();
  }

  #check(): void {
    const left = this.#limit - (performance.now() - this.#heard);
    if (left > 0) this.#timer = setTimeout(() => this.#check(), left);
    else {
      const message = `silence for ${this.#limit / 1000} s`;
      this.reason = new TransferError("network", message, { silent: true });
      this.#controller.abort(this.reason);
    }
  }
}
