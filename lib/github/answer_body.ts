import { alarm } from "./alarm.ts";
import { concat } from "../git/bytes.ts";
import type { SilenceGuard } from "./silence_guard.ts";

/** So long the end of an answer is waited for that nobody reads any more (milliseconds). */
const PATIENCE = 100;

/**
 * The body of an answer, read once. Whoever knows enough before its end leaves: what is missing then is
 * as a rule the end's own mark, and without it the connection could not be used again.
 */
export class AnswerBody implements AsyncIterable<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #count: (bytes: number) => void;
  /** Whether all has arrived. */
  ended: boolean;

  /** @param count told of the bytes that arrive */
  constructor(
    response: Response,
    private readonly guard: SilenceGuard,
    count: (bytes: number) => void,
  ) {
    this.#reader = response.body?.getReader();
    this.#count = count;
    this.ended = this.#reader === undefined;
  }

  /** Throws the guard's reason when there is one, else what the connection ends with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    while (!this.ended) {
      const chunk = await this.#read();
      if (chunk !== undefined) yield chunk;
    }
  }

  /** The beginning as a text; what follows is given up. */
  async beginning(bytes: number): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    let left = bytes;
    for await (const chunk of this) {
      text += decoder.decode(chunk.subarray(0, left), { stream: true });
      left -= chunk.length;
      if (left <= 0) break;
    }
    if (!this.ended) this.cancel();
    return text;
  }

  /** Reads to the end for nobody, but not for long. Never fails. */
  async drop(): Promise<void> {
    using _late = alarm(PATIENCE, () => this.cancel());
    try {
      while (!this.ended) await this.#read();
    } catch {
      // The connection is gone, then.
    }
  }

  /** Gives the rest up, and the connection. */
  cancel(): void {
    this.#reader?.cancel().catch(() => {});
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.#reader!.read();
      this.guard.heard(value?.length);
      if (value !== undefined) this.#count(value.length);
      if (done) {
        this.ended = true;
        this.guard.complete();
      }
      return value;
    } catch (error) {
      throw this.guard.reason ?? error;
    }
  }
}

/**
 * All of an answer.
 * @param most bytes
 * @param beyond what is thrown when there is more
 */
export async function wholeBody(
  body: AsyncIterable<Uint8Array>,
  most: number,
  beyond: () => Error,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) throw beyond();
  }
  return concat(chunks);
}
