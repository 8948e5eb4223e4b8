import { type Answer, apiError, json, type Origins, type RoleRequest } from "./answer.ts";
import { githubTreeLimits, type TreeLimits } from "./api.ts";
import { makeCertificate, type TestCertificate } from "./certificate.ts";
import { deliver, forever, pause } from "./delivery.ts";
import { EntityHeaders } from "./entity.ts";
import { FaultPlan, replacement, spoil } from "./faults.ts";
import { githubRateLimits, RateLimiter, type RateLimits } from "./rate_limit.ts";
import { Repository, type RepositoryOptions } from "./repository.ts";
import { counted, type LoggedRequest } from "./request_log.ts";
import { type ListenerName, LISTENERS, onOneOrigin, prefixed, routed, tokenOf } from "./roles.ts";
import { Repositories, route } from "./routes.ts";

/** How to start a server. */
export interface GithubServerOptions {
  readonly repositories: readonly RepositoryOptions[];
  /** Tokens that are good; any other is answered with 401. */
  readonly tokens?: readonly string[];
  /** TLS with HTTP/2 and HTTP/1.1 by ALPN; the authority's file is `caFile`. */
  readonly tls?: boolean;
  /** GitHub's own by default. */
  readonly treeLimits?: TreeLimits;
  readonly rateLimits?: RateLimits;
}

/**
 * A stand-in for GitHub on loopback over real git repositories: REST API, raw files, archives, git's
 * smart HTTP, with a fault plan and a log of requests. All roles are served on one address
 * (`together`) and each on an address of its own (`apart`), as GitHub's hosts are.
 */
export class GithubServer implements AsyncDisposable {
  /** What was asked, in order. */
  readonly requests: LoggedRequest[] = [];
  readonly faults = new FaultPlan();
  readonly rate: RateLimiter;
  /** PEM file of the authority to trust; with `tls` only. */
  readonly caFile: string | undefined;
  readonly #options: GithubServerOptions;
  readonly #directory: string;
  readonly #repositories = new Repositories();
  readonly #servers = new Map<ListenerName, Deno.HttpServer<Deno.NetAddr>>();
  readonly #publicPorts = new Map<number, number>();
  readonly #entities = new EntityHeaders();
  readonly #closing = new AbortController();

  /** Listens on free ports of loopback. */
  static async start(options: GithubServerOptions): Promise<GithubServer> {
    const directory = await Deno.makeTempDir({ prefix: "github-server-" });
    const certificate = options.tls ? await makeCertificate(directory) : undefined;
    return new GithubServer(options, directory, certificate);
  }

  private constructor(
    options: GithubServerOptions,
    directory: string,
    certificate: TestCertificate | undefined,
  ) {
    this.#options = options;
    this.#directory = directory;
    this.caFile = certificate?.caFile;
    this.rate = new RateLimiter(options.rateLimits ?? githubRateLimits);
    for (const repository of options.repositories) this.add(repository);
    const keys = certificate ? { cert: certificate.cert, key: certificate.key } : {};
    for (const name of LISTENERS) {
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, ...keys, onListen: () => {}, onError },
        (request, info) => this.#serve(name, request, info),
      );
      this.#servers.set(name, server);
    }
  }

  /** Serves one more repository. */
  add(options: RepositoryOptions): Repository {
    const repository = new Repository(options);
    this.#repositories.add(repository);
    return repository;
  }

  /** A served repository, to move its refs. */
  repository(fullName: string): Repository {
    const found = this.#repositories.get(fullName);
    if (!found) throw new Error(`${fullName} is not served`);
    return found;
  }

  /** The addresses of all roles on one origin. */
  get together(): Origins {
    return onOneOrigin(this.#origin("all"));
  }

  /** The addresses of the roles, each on an origin of its own. */
  get apart(): Origins {
    return {
      api: this.#origin("api"),
      raw: this.#origin("raw"),
      server: this.#origin("server"),
      codeload: this.#origin("codeload"),
    };
  }

  /** Another host, which serves the same as `together`; {@link foreignRequests} tells what reached it. */
  get foreign(): string {
    return this.#origin("foreign");
  }

  get foreignRequests(): LoggedRequest[] {
    return this.requests.filter(({ listener }) => listener === "foreign");
  }

  /** From now on addresses name `publicPort` in place of `port`: a forwarder listens there. */
  publish(port: number, publicPort: number): void {
    this.#publicPorts.set(port, publicPort);
  }

  /** Ends what stalls, stops listening, removes the certificate. Closing twice is fine. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new Error("the server closes"));
    await Promise.all([...this.#servers.values()].map((server) => server.shutdown()));
    await this.#repositories.close();
    await Deno.remove(this.#directory, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #origin(name: ListenerName): string {
    const { port } = this.#servers.get(name)!.addr;
    const scheme = this.caFile ? "https" : "http";
    return `${scheme}://127.0.0.1:${this.#publicPorts.get(port) ?? port}`;
  }

  async #serve(
    listener: ListenerName,
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Promise<Response> {
    const url = new URL(request.url);
    const { role, path } = routed(listener, url.pathname);
    const { method, headers, body } = request;
    const token = tokenOf(headers.get("authorization"));
    const entry: LoggedRequest = {
      role,
      listener,
      method,
      path: path + url.search,
      headers: Object.fromEntries(headers),
      connection: `${listener}:${info.remoteAddr.port}`,
      started: Date.now(),
      status: 0,
      bytes: 0,
      duration: undefined,
    };
    this.requests.push(entry);
    info.completed.catch(() => {}).finally(() => entry.duration = Date.now() - entry.started);
    const all = listener === "all" || listener === "foreign";
    return await this.#respond({
      role,
      path,
      method,
      query: url.searchParams,
      headers,
      body,
      authenticated: token !== undefined && (this.#options.tokens ?? []).includes(token),
      origins: all ? onOneOrigin(url.origin) : this.apart,
    }, entry);
  }

  async #respond(request: RoleRequest, entry: LoggedRequest): Promise<Response> {
    const faults = this.faults.meet(request);
    for (const fault of faults) {
      if (fault.kind === "stall" && fault.after === undefined) await forever(this.#closing.signal);
      if (fault.kind === "held") {
        await Promise.race([fault.until, forever(this.#closing.signal)]);
      }
      if (fault.kind === "slow" && fault.delay) await pause(fault.delay, this.#closing.signal);
      if (fault.kind === "move-ref" && fault.when === "before") await this.#move(request, fault);
    }
    const elsewhere = this.foreign + prefixed(request.role, entry.path);
    let answer: Answer | undefined;
    for (const fault of faults) answer ??= replacement(fault, elsewhere);
    answer ??= await this.#counted(request, async () => {
      const limits = this.#options.treeLimits ?? githubTreeLimits;
      let genuine = await route(request, this.#repositories, limits);
      for (const fault of faults) genuine = spoil(genuine, fault);
      return this.#entities.apply(request, genuine);
    });
    for (const fault of faults) {
      if (fault.kind === "move-ref" && fault.when === "after") await this.#move(request, fault);
    }
    const { body, length } = deliver(answer, faults, this.#closing.signal);
    const headers = new Headers(answer.headers);
    // "no-transform" keeps the runtime from compressing by itself.
    if (!headers.has("cache-control")) headers.set("cache-control", "max-age=60, no-transform");
    if (length !== undefined) headers.set("content-length", String(length));
    entry.status = answer.status;
    return new Response(body && counted(body, entry), { status: answer.status, headers });
  }

  async #move(
    request: RoleRequest,
    { ref, to }: { readonly ref: string; readonly to: string },
  ): Promise<void> {
    await this.#repositories.find(request)?.repository.updateRef(ref, to);
  }

  /** Counts API requests against the hourly limit; what is beyond it is refused. */
  async #counted(request: RoleRequest, work: () => Promise<Answer>): Promise<Answer> {
    if (request.role !== "api") return await work();
    const caller = request.authenticated ? "token" : "anonymous";
    let answer: Answer;
    if (request.path === "/rate_limit") {
      const limit = this.rate.limits[caller];
      answer = json({ resources: { core: { limit, remaining: this.rate.remaining(caller) } } });
    } else if (this.rate.take(caller)) {
      answer = await work();
      if (answer.status === 304 && request.authenticated) this.rate.giveBack(caller);
    } else {
      answer = apiError(403, "API rate limit exceeded for 127.0.0.1.");
    }
    return { ...answer, headers: { ...answer.headers, ...this.rate.headers(caller) } };
  }
}

function onError(error: unknown): Response {
  return new Response(String(error), { status: 500 });
}
