import { concat } from "./bytes.ts";
import { damaged } from "./transfer_error.ts";

/**
 * Git's pkt-line framing (gitprotocol-common(5)): four hexadecimal digits with the length of the
 * packet, themselves included, then the data. Lengths 0, 1 and 2 are marks.
 */
export type Packet = "flush" | "delimiter" | "end" | Uint8Array;

const encoder = new TextEncoder();

/** One text line as a packet. */
export function packetLine(text: string): string {
  const length = encoder.encode(text).length + 5;
  return `${length.toString(16).padStart(4, "0")}${text}\n`;
}

/** A request of protocol version 2 (gitprotocol-v2(5)): command, capabilities, arguments. */
export function commandRequest(
  command: string,
  capabilities: readonly string[],
  args: readonly string[],
): Uint8Array<ArrayBuffer> {
  const head = [`command=${command}`, ...capabilities].map(packetLine).join("");
  return encoder.encode(`${head}0001${args.map(packetLine).join("")}0000`);
}

/**
 * Splits a stream of bytes into packets.
 * @throws TransferError for a bad length or when the stream ends inside a packet
 */
export async function* readPackets(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Packet, void, void> {
  let pending: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? chunk : concat([pending, chunk]);
    let at = 0;
    while (pending.length - at >= 4) {
      const length = lengthAt(pending, at);
      if (length < 4) {
        yield length === 0 ? "flush" : length === 1 ? "delimiter" : "end";
        at += 4;
      } else if (pending.length - at >= length) {
        yield pending.subarray(at + 4, at + length);
        at += length;
      } else break;
    }
    pending = pending.subarray(at);
  }
  if (pending.length > 0) throw damaged("the answer ends inside a packet");
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const digits = String.fromCharCode(...bytes.subarray(at, at + 4));
  const length = /^[0-9a-fA-F]{4}$/.test(digits) ? parseInt(digits, 16) : NaN;
  if (Number.isNaN(length) || length === 3) throw damaged("the answer is not Git's protocol");
  return length;
}
