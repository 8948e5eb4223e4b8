import type { Answer } from "./answer.ts";
import type { Fault } from "./faults.ts";

/** Bytes handed over at a time when a fault looks at them. */
const CHUNK = 16 * 1024;

/** Milliseconds for which the last bytes before a reset may travel; HTTP/2 would drop them. */
const LINGER = 20;

/**
 * The response's body as faults let it travel. Without such a fault it is the answer's own, so that
 * a known length is declared.
 * @param closing aborted when the server closes: what stalls ends then
 */
export function deliver(
  answer: Answer,
  faults: readonly Fault[],
  closing: AbortSignal,
): { readonly body: Answer["body"]; readonly length: number | undefined } {
  const length = answer.body instanceof Uint8Array ? answer.body.length : undefined;
  let body = answer.body;
  let declared = length;
  for (const fault of faults) {
    if (body === null) break;
    switch (fault.kind) {
      case "reset":
        body = asStream(cut(body, fault.after, async () => {
          await pause(LINGER, closing);
          throw new Error("reset");
        }));
        break;
      case "truncate":
        body = asStream(cut(body, fault.after, () => Promise.resolve()));
        if (fault.length === "short") {
          declared = length === undefined ? undefined : Math.min(length, fault.after);
        }
        break;
      case "stall":
        body = asStream(cut(body, fault.after ?? 0, () => forever(closing)));
        break;
      case "endless":
        body = asStream(cut(body, fault.after, () => Promise.resolve()));
        body = asStream(prolonged(body, fault.bytes, fault.every, closing));
        declared = undefined;
        break;
      case "slow":
        if (fault.bytesPerSecond) body = asStream(slow(body, fault.bytesPerSecond, closing));
        break;
    }
  }
  return { body, length: declared };
}

/** Resolves after some milliseconds; rejects when the server closes. */
export function pause(milliseconds: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (closing.aborted) return reject(closing.reason);
    const end = () => {
      clearTimeout(timer);
      reject(closing.reason);
    };
    const timer = setTimeout(() => {
      closing.removeEventListener("abort", end);
      resolve();
    }, milliseconds);
    closing.addEventListener("abort", end, { once: true });
  });
}

/** Rejects when the server closes. */
export function forever(closing: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (closing.aborted) return reject(closing.reason);
    closing.addEventListener("abort", () => reject(closing.reason), { once: true });
  });
}

async function* chunks(body: Uint8Array | ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    for (let at = 0; at < body.length; at += CHUNK) yield body.subarray(at, at + CHUNK);
  } else {
    yield* body;
  }
}

/** The first bytes, then what `end` does. A body that is shorter ends as it would have. */
async function* cut(
  body: Uint8Array | ReadableStream<Uint8Array>,
  after: number,
  end: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let left = after;
  if (left === 0) return await end();
  for await (const chunk of chunks(body)) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return await end();
  }
}

async function* prolonged(
  body: ReadableStream<Uint8Array>,
  bytes: number,
  every: number,
  closing: AbortSignal,
): AsyncGenerator<Uint8Array> {
  yield* body;
  const more = new Uint8Array(bytes).fill(0x20);
  for (;;) {
    await pause(every, closing);
    yield more;
  }
}

async function* slow(
  body: Uint8Array | ReadableStream<Uint8Array>,
  bytesPerSecond: number,
  closing: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks(body)) {
    await pause(chunk.length / bytesPerSecond * 1000, closing);
    yield chunk;
  }
}

function asStream(parts: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from(parts);
}
