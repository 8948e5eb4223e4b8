import { Root } from "../machine/root.ts";
import type { Log } from "../machine/context.ts";
import type { RequestContext } from "../github/request_context.ts";
import { type Beginning, beginSync, type BegunSync } from "./begin.ts";

/**
 * A sync that is begun as the first thing a program does, before there is a context: a connection takes
 * longer to come about than a program to get ready. It reads what {@link beginSync} reads and writes
 * nothing.
 */
export class EarlySync {
  readonly #waiting: WaitingContext;
  readonly #begun: Promise<BegunSync>;

  /**
   * @param root the machine's root as an absolute host path
   * @param env the environment as it was at start
   */
  constructor(root: string, env: Readonly<Record<string, string>>, options: Beginning) {
    this.#waiting = new WaitingContext(new Root(root), env);
    this.#begun = beginSync(this.#waiting, options);
    this.#begun.catch(() => {});
  }

  /** Hands the sync over to the real context, which gets to hear what was said meanwhile. */
  adopt(ctx: RequestContext): Promise<BegunSync> {
    this.#waiting.become(ctx);
    return this.#begun;
  }
}

/** Stands in for a context until there is one: keeps what is said, and can be aborted by it later. */
class WaitingContext implements RequestContext {
  readonly #controller = new AbortController();
  readonly signal: AbortSignal = this.#controller.signal;
  #said: ((log: Log) => void)[] = [];
  #log: Log | undefined;

  constructor(readonly root: Root, readonly env: Readonly<Record<string, string>>) {}

  readonly log: Log = {
    debug: (message) => this.#say((log) => log.debug(message)),
    info: (message) => this.#say((log) => log.info(message)),
    warn: (message) => this.#say((log) => log.warn(message)),
    error: (message, hint) => this.#say((log) => log.error(message, hint)),
  };

  now(): Date {
    return new Date();
  }

  become({ log, signal }: RequestContext): void {
    this.#log = log;
    for (const say of this.#said) say(log);
    this.#said = [];
    const abort = () => this.#controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  }

  #say(say: (log: Log) => void): void {
    if (this.#log) say(this.#log);
    else this.#said.push(say);
  }
}
