import type { RequestContext } from "./request_context.ts";
import { AnswerBody } from "./answer_body.ts";
import { beyondBound, Bounds } from "../git/bounds.ts";
import type { Endpoints } from "./endpoints.ts";
import { SilenceGuard } from "./silence_guard.ts";
import { ERROR_TEXT, LONGEST_WAIT, statusError } from "./status_error.ts";
import { createClient } from "./http_client.ts";
import { timeLimits } from "./time_limits.ts";
import type { Token } from "./token.ts";
import { damaged, TransferError, type TransferProblem } from "../git/transfer_error.ts";

/** Attempts at one transfer, the first included. */
const ATTEMPTS = 3;
/** Attempts that may end in silence: each has cost the whole wait. */
const SILENCES = 2;
const MAX_REDIRECTS = 5;

/** One request. */
export interface HttpRequest {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Statuses that are answers; others are thrown as {@link TransferError}. `[200]` by default. */
  readonly accept?: readonly number[];
  /** True: it is tried once only, because there is another way to what is missing. */
  readonly once?: boolean;
}

/** An answer whose body is still arriving. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /**
   * Read once, not necessarily to its end; fails with a TransferError when the connection breaks or
   * falls silent.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * HTTP towards GitHub's servers and nobody else: connections kept and reused (HTTP/2 where offered),
 * the token only to the configured servers, silence bounded, failures retried, everything counted.
 */
export class HttpSession implements Disposable {
  readonly #origins: ReadonlySet<string>;
  readonly #silence: number;
  /** When all has to be here (of `performance.now()`). */
  readonly #deadline: number;
  #client: Deno.HttpClient | undefined;
  /** Of the language's own privacy: whatever prints the session does not print it. */
  #token: Token | undefined;
  /** The last answer whose reader left before its end. */
  #unread: { readonly body: AnswerBody; readonly dropped: Promise<void> } | undefined;

  /** Requests sent so far. */
  requests = 0;
  /** Bytes of bodies received so far. */
  bytes = 0;
  /** The shortest time from a request to its answer, in milliseconds; 0 before the first. */
  roundTrip = 0;

  constructor(
    private readonly ctx: RequestContext,
    readonly endpoints: Endpoints,
    token: Token | undefined,
  ) {
    this.#token = token;
    this.#origins = new Set(Object.values(endpoints).map((url) => new URL(url).origin));
    const { silence, total } = timeLimits(ctx.env);
    this.#silence = silence;
    this.#deadline = performance.now() + total;
  }

  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  [Symbol.dispose](): void {
    this.#unread?.body.cancel();
    this.#client?.close();
    this.#client = undefined;
  }

  /**
   * Sends a request and uses its answer; both again when that fails in a way that can pass. `use`
   * must therefore start from nothing each time.
   * @throws TransferError when it does not pass, or what `use` throws
   */
  async transfer<T>(request: HttpRequest, use: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    try {
      return await this.#once(request, use);
    } catch (error) {
      return await this.#again(request, use, error);
    }
  }

  /** Goes on after the first attempt has failed. What repeats is loaded only then. */
  async #again<T>(
    request: HttpRequest,
    use: (answer: HttpAnswer) => Promise<T>,
    failed: unknown,
  ): Promise<T> {
    const { default: pRetry, AbortError } = await import("p-retry");
    let silences = 0;
    return await pRetry(async (attempt) => {
      try {
        if (attempt === 1) throw failed;
        return await this.#once(request, use);
      } catch (error) {
        this.ctx.signal.throwIfAborted();
        const failure = classify(error, request.url);
        const silent = failure instanceof TransferError && failure.details.silent === true;
        const again = performance.now() < this.#deadline && isPassing(failure) &&
          !(silent && ++silences >= SILENCES);
        throw again ? failure : new AbortError(failure);
      }
    }, {
      retries: request.once ? 0 : ATTEMPTS - 1,
      minTimeout: 200,
      factor: 3,
      randomize: true,
      signal: this.ctx.signal,
      onFailedAttempt: async ({ error, retriesLeft }) => {
        this.ctx.log.debug(`${error.message}; ${retriesLeft} more attempts`);
        const pause = error instanceof TransferError ? error.details.retryAfter ?? 0 : 0;
        if (retriesLeft > 0 && pause > 0) await this.#pause(pause);
      },
    });
  }

  async #once<T>(request: HttpRequest, use: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    const guard = new SilenceGuard(this.#silence, this.#deadline, this.ctx.signal);
    try {
      const response = await this.#follow(request, guard);
      const body = new AnswerBody(response, guard, (bytes) => this.#count(bytes));
      const accept = request.accept ?? [200];
      if (!accept.includes(response.status)) {
        const said = await Promise.race([body.beginning(ERROR_TEXT), guard.left]);
        throw statusError(response, said, request.url, this.ctx.now());
      }
      const used = use({ status: response.status, headers: response.headers, body });
      const result = await Promise.race([used, guard.left]);
      if (body.ended) guard.stop();
      else this.#unread = { body, dropped: body.drop().finally(() => guard.stop()) };
      return result;
    } catch (error) {
      guard.stop();
      throw guard.reason ?? error;
    }
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > Bounds.bytes) throw beyondBound("the servers send more than 2 GB");
  }

  async #follow(request: HttpRequest, guard: SilenceGuard): Promise<Response> {
    let url = request.url;
    for (let redirects = 0;; redirects++) {
      const response = await this.#send(url, request, guard);
      const location = response.headers.get("location");
      if (location === null || ![301, 302, 303, 307, 308].includes(response.status)) {
        return response;
      }
      await response.body?.cancel();
      const target = URL.canParse(location, url) ? new URL(location, url) : undefined;
      const downgraded = url.startsWith("https:") && target?.protocol !== "https:";
      if (
        !target || !/^https?:$/.test(target.protocol) || downgraded || redirects >= MAX_REDIRECTS
      ) {
        throw new TransferError("server", `${url} redirects to a place that is not followed`);
      }
      url = target.href;
    }
  }

  async #send(url: string, request: HttpRequest, guard: SilenceGuard): Promise<Response> {
    const known = this.#origins.has(new URL(url).origin);
    const token = known ? this.#token : undefined;
    // Its connection is the one to use.
    await this.#unread?.dropped;
    if (++this.requests > Bounds.requests) {
      throw beyondBound(`more than ${Bounds.requests} requests are needed`);
    }
    const sent = performance.now();
    const response = await fetch(url, {
      method: request.method ?? "GET",
      headers: {
        "user-agent": "git/hyper-nixos",
        ...request.headers,
        ...(token ? { authorization: this.#authorization(url, token) } : {}),
      },
      ...(request.body ? { body: request.body } : {}),
      redirect: "manual",
      signal: guard.signal,
      client: this.#client ??= createClient(this.ctx, this.endpoints),
    });
    guard.heard();
    const elapsed = performance.now() - sent;
    if (this.roundTrip === 0 || elapsed < this.roundTrip) this.roundTrip = elapsed;
    if (response.status !== 401 || !token) return response;
    // Public repositories can be read without one: an expired token must not stop an update.
    await response.body?.cancel();
    // Said once: several requests may be under way.
    if (this.#token !== undefined) {
      const { source } = token;
      this.ctx.log.warn(`GitHub does not accept the token of ${source}; going on without it`);
    }
    this.#token = undefined;
    return await this.#send(url, request, guard);
  }

  #authorization(url: string, token: Token): string {
    const git = /\/git-upload-pack$/.test(new URL(url).pathname);
    return git ? `Basic ${btoa(`x-access-token:${token.value}`)}` : `Bearer ${token.value}`;
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.ctx;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      }, { once: true });
    });
  }
}

/** Any failure of an attempt as a TransferError; errors of `use` that are ours stay what they are. */
function classify(error: unknown, url: string): Error {
  const { host } = new URL(url);
  if (error instanceof TransferError) {
    return new TransferError(error.problem, `${host}: ${error.message}`, {
      cause: error,
      ...error.details,
    });
  }
  if (error instanceof SyntaxError) {
    return damaged(`${host}: ${error.message}`, { cause: error });
  }
  const refused = error instanceof TypeError || error instanceof Deno.errors.Http ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionAborted;
  if (refused) {
    const cause = error.cause instanceof Error ? error.cause : error;
    return new TransferError("network", `${host}: ${cause.message}`, { cause: error });
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** Asking again would be answered in the same way. */
const LASTING: readonly TransferProblem[] = ["absent", "forbidden", "refused", "foreign", "large"];

function isPassing(error: Error): boolean {
  if (!(error instanceof TransferError)) return false;
  if (LASTING.includes(error.problem)) return false;
  return error.problem !== "limited" || (error.details.retryAfter ?? Infinity) <= LONGEST_WAIT;
}
