/** Ports of loopback on which nobody answers, or one server that is told which to take. */

/** Below those that the kernel gives out by itself (ip(7): ip_local_port_range, from 32768 on). */
const [FROM, COUNT] = [20_000, 10_000];

/** A port of 127.0.0.1 that is a test's own until it is disposed of, whether something listens there or not. */
export interface OwnPort extends Disposable {
  readonly port: number;
}

/** Reserves a port: whoever else reserves one finds its number taken on another address of loopback. */
export function ownPort(): OwnPort {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * COUNT);
    try {
      const mark = Deno.listen({ hostname: "127.32.7.1", port });
      try {
        Deno.listen({ hostname: "127.0.0.1", port }).close();
        return { port, [Symbol.dispose]: () => mark.close() };
      } catch {
        mark.close();
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
