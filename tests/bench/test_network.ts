import type { Origins } from "../support/github/answer.ts";
import type { ServerAddresses } from "../support/github/serve.ts";
import { Wan, type WanModel, type WanTraffic } from "../support/wan.ts";

/** A network to measure under. */
export interface NetworkKind {
  readonly name: string;
  /** In words, for the report. */
  readonly description: string;
  /** Undefined: straight to the server. */
  readonly wan: WanModel | undefined;
  /** TLS with HTTP/2, as GitHub has. */
  readonly tls: boolean;
}

/** The networks by name. Two round trips of set-up stand for TCP and TLS 1.3. */
export const networkKinds: readonly NetworkKind[] = [
  {
    name: "fast",
    description: "40 ms, 50 Mbit/s, HTTP/1.1",
    wan: { roundTrip: 40, bandwidth: 50e6, setupRoundTrips: 2 },
    tls: false,
  },
  {
    name: "slow",
    description: "150 ms, 10 Mbit/s, HTTP/1.1",
    wan: { roundTrip: 150, bandwidth: 10e6, setupRoundTrips: 2 },
    tls: false,
  },
  {
    name: "tls",
    description: "40 ms, 50 Mbit/s, TLS with HTTP/2",
    wan: { roundTrip: 40, bandwidth: 50e6, setupRoundTrips: 1 },
    tls: true,
  },
];

/** No delay at all: for local work. */
export const loopback: NetworkKind = {
  name: "loopback",
  description: "loopback",
  wan: undefined,
  tls: false,
};

/** The same by TLS, for CPU time: whoever asks GitHub pays for that, too. */
export const loopbackTls: NetworkKind = {
  ...loopback,
  name: "loopback-tls",
  description: "loopback, TLS with HTTP/2",
  tls: true,
};

const REPOSITORY = "bench/tree";

/** The GitHub test server in a process of its own, seen through a network. */
export class TestNetwork implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #wan: Wan | undefined;

  private constructor(
    readonly kind: NetworkKind,
    /** What clients are pointed at; each role is another host, as with GitHub. */
    readonly origins: Origins,
    readonly caFile: string | undefined,
    readonly control: string,
    child: Deno.ChildProcess,
    output: ReadableStreamDefaultReader<string>,
    wan: Wan | undefined,
  ) {
    this.#child = child;
    this.#output = output;
    this.#wan = wan;
  }

  /** Serves a git directory as `bench/tree`. */
  static async start(kind: NetworkKind, directory: string): Promise<TestNetwork> {
    const script = new URL("../support/github/serve.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", script, "--repo", `${REPOSITORY}=${directory}`],
        ...["--rate-limit", "1000000", ...(kind.tls ? ["--tls"] : [])],
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await reader.read();
    const addresses: ServerAddresses = JSON.parse(value);
    const { apart, caFile, control } = addresses;
    const wan = kind.wan && new Wan(kind.wan);
    const behind = (url: string) => wan ? wan.forwardUrl(url) : url;
    const origins = {
      api: behind(apart.api),
      raw: behind(apart.raw),
      server: behind(apart.server),
      codeload: behind(apart.codeload),
    };
    const network = new TestNetwork(kind, origins, caFile, control, child, reader, wan);
    const port = (url: string) => Number(new URL(url).port);
    for (const role of ["api", "raw", "server", "codeload"] as const) {
      await network.#put("/ports", { port: port(apart[role]), public: port(origins[role]) });
    }
    return network;
  }

  /** Moves `refs/heads/main`. */
  async moveMain(to: string): Promise<void> {
    await this.#put("/refs", { repository: REPOSITORY, ref: "refs/heads/main", to });
  }

  /**
   * Lets the server make the archives of `main`, in the forms that peers ask for. It keeps them, as GitHub
   * does; otherwise whoever comes first would pay for all.
   */
  async prepareArchives(): Promise<void> {
    const { server, api } = this.origins;
    const client = Deno.createHttpClient({
      caCerts: this.caFile ? [await Deno.readTextFile(this.caFile)] : [],
    });
    for (
      const url of [
        `${server}/${REPOSITORY}/archive/main.tar.gz`,
        `${api}/repos/${REPOSITORY}/tarball/main`,
      ]
    ) {
      const response = await fetch(url, { client });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
    }
    client.close();
  }

  /** Counts of what has passed the network; all 0 on loopback. */
  get traffic(): WanTraffic {
    return this.#wan?.traffic ?? { connections: 0, up: 0, down: 0 };
  }

  /** Sets the counts back. */
  resetTraffic(): void {
    this.#wan?.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#wan?.close();
    await this.#child.stdin.close();
    await this.#output.cancel();
    await this.#child.status;
  }

  async #put(path: string, body: unknown): Promise<void> {
    const response = await fetch(this.control + path, {
      method: "PUT",
      body: JSON.stringify(body),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
  }
}
