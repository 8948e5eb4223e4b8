/** A server in GitHub's place that sends what it likes: for what no healthy repository holds. */
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

/** What it does with the requests of git's protocol; anything else is answered by `other`. */
export interface Hostility {
  /** Answers `ls-refs`; by default `refs/heads/main` is {@link COMMIT}. */
  readonly refs?: (request: Request) => Response | Promise<Response>;
  /** Answers `fetch`; by default with 404. */
  readonly fetch?: (request: Request) => Response | Promise<Response>;
  /** Answers all else; by default with 404. */
  readonly other?: (request: Request) => Response | Promise<Response>;
}

/** The commit that it says `main` is. */
export const COMMIT = "1234567890123456789012345678901234567890";

/** Listens on loopback. */
export class HostileServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Paths that were asked for. */
  readonly requests: string[] = [];

  constructor(hostility: Hostility) {
    const notFound = () => new Response("nothing", { status: 404 });
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: notFound },
      async (request) => {
        const { pathname, search } = new URL(request.url);
        this.requests.push(pathname + search);
        if (!pathname.endsWith("/git-upload-pack")) {
          return await (hostility.other ?? notFound)(request);
        }
        const isList = (await request.text()).includes("command=ls-refs");
        if (!isList) return await (hostility.fetch ?? notFound)(request);
        return await (hostility.refs ??
          (() => gitAnswer([line(`${COMMIT} refs/heads/main`), "0000"])))(request);
      },
    );
  }

  /** The variables that point a tool to it. */
  get env(): Record<string, string> {
    const url = `http://127.0.0.1:${this.#server.addr.port}`;
    return { GITHUB_API_URL: url, GITHUB_RAW_URL: url, GITHUB_SERVER_URL: url };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const encoder = new TextEncoder();

/** One pkt-line (gitprotocol-common(5)). */
export function line(text: string): string {
  return (text.length + 5).toString(16).padStart(4, "0") + text + "\n";
}

/** An answer of git's protocol. */
export function gitAnswer(body: readonly string[] | ReadableStream<Uint8Array>): Response {
  return new Response(Array.isArray(body) ? body.join("") : body as ReadableStream<Uint8Array>, {
    headers: { "content-type": "application/x-git-upload-pack-result" },
  });
}

/** A `fetch` answer with a pack in it. */
export function packAnswer(pack: Uint8Array<ArrayBuffer>): Response {
  const parts = [encoder.encode(line("packfile"))];
  for (let at = 0; at < pack.length; at += 65_000) {
    const part = pack.subarray(at, at + 65_000);
    parts.push(encoder.encode((part.length + 5).toString(16).padStart(4, "0") + "\x01"), part);
  }
  return gitAnswer(ReadableStream.from([...parts, encoder.encode("0000")]));
}

/** One object of a pack, as {@link pack} takes it; `base` makes it a delta on the object of that name. */
export interface PackEntry {
  readonly type: "commit" | "tree" | "blob" | "delta";
  readonly base?: string;
  readonly data: Uint8Array;
  /** The size that it claims to have. */
  readonly claims?: number;
}

const TYPES = { commit: 1, tree: 2, blob: 3, delta: 7 };

/** A pack of these (gitformat-pack(5)). */
export function pack(
  entries: readonly PackEntry[],
  count: number = entries.length,
): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(12);
  head.set(encoder.encode("PACK"));
  new DataView(head.buffer).setUint32(4, 2);
  new DataView(head.buffer).setUint32(8, count);
  const parts: Uint8Array[] = [head];
  for (const { type, base, data, claims } of entries) {
    let size = claims ?? data.length;
    const bytes = [TYPES[type] << 4 | size & 15];
    for (size = Math.floor(size / 16); size > 0; size = Math.floor(size / 128)) {
      bytes[bytes.length - 1]! |= 0x80;
      bytes.push(size & 0x7f);
    }
    parts.push(Uint8Array.from(bytes));
    if (base !== undefined) parts.push(Uint8Array.fromHex(base));
    parts.push(deflateSync(data));
  }
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return concat([...parts, hash.digest()]);
}

/** A stream that never ends: the same part, at once or every so many milliseconds. */
export function endless(part: Uint8Array, every = 0): ReadableStream<Uint8Array> {
  let stopped = false;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, every));
      if (!stopped) controller.enqueue(part.slice());
    },
    cancel() {
      stopped = true;
    },
  });
}

/** All of them in one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
