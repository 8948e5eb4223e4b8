/** What a slow network costs. */
export interface WanModel {
  /** Milliseconds there and back; half of it in each direction. */
  readonly roundTrip: number;
  /** Bits a second, in each direction, shared by all connections. */
  readonly bandwidth: number;
  /**
   * Round trips before a new connection carries its first byte: 2 stands for TCP and TLS 1.3 in front
   * of a plain server (so that the first answer takes three), 1 is TCP in front of one with real TLS.
   */
  readonly setupRoundTrips: number;
}

/** What has passed since {@link Wan.reset}. */
export interface WanTraffic {
  connections: number;
  /** Bytes from clients to servers. */
  up: number;
  /** Bytes from servers to clients. */
  down: number;
}

/** Bytes that share the link in turns: what a few packets carry. */
const CHUNK = 16 * 1024;

/** Beyond what the link itself holds, a connection may have so many bytes on the way. */
const WINDOW = 64 * 1024;

/**
 * A slow network in front of servers on loopback: forwards TCP connections and delays their bytes.
 * The order of bytes of a connection is kept and nothing is lost; loss, slow start and jitter are not
 * modelled.
 */
export class Wan implements AsyncDisposable {
  readonly traffic: WanTraffic = { connections: 0, up: 0, down: 0 };
  readonly #listeners: Deno.TcpListener[] = [];
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #work = new Set<Promise<void>>();
  readonly #up: Lane;
  readonly #down: Lane;

  constructor(readonly model: WanModel) {
    this.#up = new Lane(model);
    this.#down = new Lane(model);
  }

  /** Listens on a free port of loopback for connections to `port`; returns it. */
  forward(port: number): number {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#listeners.push(listener);
    this.#track(this.#accept(listener, port));
    return listener.addr.port;
  }

  /** The same address with its port forwarded. */
  forwardUrl(url: string): string {
    const parsed = new URL(url);
    const rest = url.slice(parsed.origin.length);
    return `${parsed.protocol}//${parsed.hostname}:${this.forward(Number(parsed.port))}${rest}`;
  }

  /** Sets the counts back. */
  reset(): void {
    Object.assign(this.traffic, { connections: 0, up: 0, down: 0 });
  }

  /** Closes all listeners and connections. */
  async close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) closeQuietly(connection);
    await Promise.all(this.#work);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    work.finally(() => this.#work.delete(work));
  }

  async #accept(listener: Deno.TcpListener, port: number): Promise<void> {
    for await (const client of listener) this.#track(this.#carry(client, port));
  }

  async #carry(client: Deno.TcpConn, port: number): Promise<void> {
    const ready = performance.now() + this.model.setupRoundTrips * this.model.roundTrip;
    this.traffic.connections++;
    this.#connections.add(client);
    let server: Deno.TcpConn | undefined;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port });
      this.#connections.add(server);
      client.setNoDelay();
      server.setNoDelay();
      await Promise.all([
        this.#pump(client, server, this.#up, "up", ready),
        this.#pump(server, client, this.#down, "down", ready),
      ]);
    } catch (error) {
      // A side that went away takes the other with it, as on a real network.
      if (!isGone(error)) throw error;
    } finally {
      for (const connection of [client, server]) {
        if (!connection) continue;
        closeQuietly(connection);
        this.#connections.delete(connection);
      }
    }
  }

  /** One direction of a connection, until its end or an error on either side. */
  async #pump(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    lane: Lane,
    direction: "up" | "down",
    ready: number,
  ): Promise<void> {
    const flight = new Flight(to, lane.capacity + WINDOW);
    const buffer = new Uint8Array(CHUNK);
    try {
      for (let size; (size = await from.read(buffer)) !== null;) {
        this.traffic[direction] += size;
        flight.launch(buffer.slice(0, size), lane.arrival(size, ready));
        await flight.room();
      }
      await flight.landed();
      await to.closeWrite();
    } catch (error) {
      if (isGone(error)) {
        closeQuietly(from);
        closeQuietly(to);
      }
      throw error;
    }
  }
}

/** One direction of the link, shared by all connections. Times are of `performance.now()`. */
class Lane {
  readonly #bytesPerMillisecond: number;
  readonly #delay: number;
  #freeAt = 0;

  constructor({ bandwidth, roundTrip }: WanModel) {
    this.#bytesPerMillisecond = bandwidth / 8 / 1000;
    this.#delay = roundTrip / 2;
  }

  /** Bytes on the way when the link is full. */
  get capacity(): number {
    return this.#bytesPerMillisecond * this.#delay * 2;
  }

  /** When so many bytes, sent now but not before `ready`, have arrived. */
  arrival(size: number, ready: number): number {
    const start = Math.max(performance.now(), this.#freeAt, ready);
    this.#freeAt = start + size / this.#bytesPerMillisecond;
    return this.#freeAt + this.#delay;
  }
}

/** Bytes of one connection and direction on their way. */
class Flight {
  readonly #queue: { readonly bytes: Uint8Array; readonly at: number }[] = [];
  readonly #to: Deno.TcpConn;
  readonly #window: number;
  #size = 0;
  #delivery: Promise<void> = Promise.resolve();
  #delivering = false;
  #hasRoom = () => {};

  constructor(to: Deno.TcpConn, window: number) {
    this.#to = to;
    this.#window = window;
  }

  launch(bytes: Uint8Array, at: number): void {
    this.#queue.push({ bytes, at });
    this.#size += bytes.length;
    if (this.#delivering) return;
    this.#delivering = true;
    this.#delivery = this.#deliver();
    // Whoever waits for room or landing sees a failure.
    this.#delivery.catch(() => {});
  }

  /** Resolves when the window lets more bytes go; rejects when they cannot be delivered. */
  async room(): Promise<void> {
    if (this.#size > this.#window && this.#delivering) {
      await new Promise<void>((resolve) => this.#hasRoom = resolve);
    }
    if (!this.#delivering) await this.#delivery;
  }

  /** Resolves when all bytes are delivered. */
  landed(): Promise<void> {
    return this.#delivery;
  }

  async #deliver(): Promise<void> {
    try {
      for (let next; (next = this.#queue.shift());) {
        await until(next.at);
        for (let rest = next.bytes; rest.length > 0;) {
          rest = rest.subarray(await this.#to.write(rest));
        }
        this.#size -= next.bytes.length;
        if (this.#size <= this.#window) this.#hasRoom();
      }
    } finally {
      this.#delivering = false;
      this.#hasRoom();
    }
  }
}

async function until(time: number): Promise<void> {
  const wait = time - performance.now();
  if (wait > 0.5) await new Promise((resolve) => setTimeout(resolve, wait));
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionRefused ||
    error instanceof Deno.errors.ConnectionAborted;
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
