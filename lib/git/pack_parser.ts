import { beyondBound, Bounds } from "./bounds.ts";
import { LARGEST_OBJECT } from "./git_objects.ts";
import { damaged, tooLarge, TransferError } from "./transfer_error.ts";
import { createHash, type Hash } from "node:crypto";
import { inflateSync, type InputType, type ZlibOptions } from "node:zlib";
import type { ObjectKind } from "../machine/tree/blob_hash.ts";

/** An object as it stands in a pack: whole, or as a delta on another one. */
export type PackedObject =
  | { readonly kind: ObjectKind; readonly offset: number; readonly data: Uint8Array }
  | {
    readonly kind: "delta";
    readonly offset: number;
    /** The base: an offset in this pack, or an object name. */
    readonly base: number | string;
    readonly data: Uint8Array;
  };

const KINDS: Readonly<Record<number, ObjectKind>> = { 1: "commit", 2: "tree", 3: "blob", 4: "tag" };
/** A pack ends with the SHA-1 of all that is before (bytes). */
const TRAILER = 20;
const OFFSET_DELTA = 6;
const NAME_DELTA = 7;

/** The whole options of node:zlib, of which the type lacks `info`. */
const inflate = inflateSync as unknown as (
  input: InputType,
  options: ZlibOptions & { info: true },
) => { buffer: Uint8Array; engine: { bytesWritten: number } };

/**
 * Parses a pack (gitformat-pack(5), version 2) while it arrives: `push` takes the next bytes and gives
 * every object that is complete. Objects are inflated, deltas not yet applied.
 */
export class PackParser {
  /** The bytes that arrived; `#space` is what they are written into, with room to grow. */
  #buffer: Uint8Array = new Uint8Array(0);
  #space: Uint8Array = new Uint8Array(256 * 1024);
  /** Where the unread part of the buffer begins, and which offset of the pack that is. */
  #at = 0;
  #offset = 0;
  #remaining = -1;
  /** An object that was cut is tried again when this much is buffered: doubling keeps it linear. */
  #tryAt = 0;
  readonly #hash: Hash = createHash("sha1");

  /** The number of objects that the header announces; 0 before it has arrived. */
  count = 0;

  /** Whether all objects and the trailer are here: what ends the answer need not be waited for. */
  get isComplete(): boolean {
    return this.#remaining === 0 && this.#available >= TRAILER;
  }

  *push(chunk: Uint8Array): Generator<PackedObject, void, void> {
    this.#append(chunk);
    yield* this.#parse(false);
  }

  /**
   * The end of the stream.
   * @throws TransferError when objects are missing or the pack's own SHA-1 does not fit
   */
  *end(): Generator<PackedObject, void, void> {
    yield* this.#parse(true);
    if (this.#remaining !== 0) throw damaged("the pack is cut off");
    const trailer = this.#buffer.subarray(this.#at);
    if (trailer.length !== TRAILER) throw damaged(`the pack has no trailer of ${TRAILER} bytes`);
    if (this.#hash.digest("hex") !== trailer.toHex()) throw damaged("the pack's checksum differs");
  }

  *#parse(last: boolean): Generator<PackedObject, void, void> {
    if (this.#remaining < 0) {
      if (this.#available < 12) return;
      this.#header();
    }
    while (this.#remaining > 0) {
      if (!last && this.#available < this.#tryAt) return;
      const object = this.#object();
      if (object === undefined) {
        if (last) throw damaged("the pack is cut off");
        this.#tryAt = this.#available * 2;
        return;
      }
      this.#tryAt = 0;
      this.#remaining--;
      yield object;
    }
  }

  get #available(): number {
    return this.#buffer.length - this.#at;
  }

  #append(chunk: Uint8Array): void {
    const end = this.#buffer.length + chunk.length;
    if (end <= this.#space.length) {
      this.#space.set(chunk, this.#buffer.length);
      this.#buffer = this.#space.subarray(0, end);
      return;
    }
    const rest = this.#buffer.subarray(this.#at);
    const needed = rest.length + chunk.length;
    // Half of the space stays free after a move, so that bytes are moved a bounded number of times.
    const space = needed * 2 > this.#space.length ? new Uint8Array(needed * 2) : this.#space;
    if (space === this.#space) space.copyWithin(0, this.#at, this.#buffer.length);
    else space.set(rest);
    space.set(chunk, rest.length);
    this.#space = space;
    this.#buffer = space.subarray(0, needed);
    this.#at = 0;
  }

  #consume(length: number): void {
    this.#hash.update(this.#buffer.subarray(this.#at, this.#at + length));
    this.#at += length;
    this.#offset += length;
  }

  #header(): void {
    const view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset + this.#at, 12);
    if (view.getUint32(0) !== 0x5041434b || view.getUint32(4) !== 2) {
      throw damaged("the answer is not a pack of version 2");
    }
    this.count = this.#remaining = view.getUint32(8);
    // Of one commit, or two: each object is in a place of its own there.
    if (this.count > 2 * Bounds.entries + 4) throw beyondBound(`a pack has ${this.count} objects`);
    this.#consume(12);
  }

  /** The next object, or undefined while it is incomplete. */
  #object(): PackedObject | undefined {
    const bytes = this.#buffer;
    const start = this.#at;
    let at = start;
    // The longest head: ten bytes of size, then a name or an offset. Enough is there, or we wait.
    const head = bytes[at++];
    if (head === undefined) return undefined;
    const type = (head >> 4) & 7;
    let size = head & 15;
    for (let byte = head, factor = 16; byte & 0x80; factor *= 128) {
      const next = bytes[at++];
      if (next === undefined) return undefined;
      size += (next & 0x7f) * factor;
      byte = next;
    }
    if (size > LARGEST_OBJECT) throw tooLarge(`an object of ${size} bytes`);

    let base: number | string | undefined;
    if (type === OFFSET_DELTA) {
      let distance = 0;
      for (let first = true;; first = false) {
        const next = bytes[at++];
        if (next === undefined) return undefined;
        distance = (first ? 0 : (distance + 1) * 128) + (next & 0x7f);
        if (!(next & 0x80)) break;
      }
      base = this.#offset - distance;
      if (distance <= 0 || base < 12) throw damaged("a delta points outside of the pack");
    } else if (type === NAME_DELTA) {
      if (bytes.length - at < 20) return undefined;
      base = bytes.subarray(at, at += 20).toHex();
    } else if (KINDS[type] === undefined) throw damaged(`unknown object type ${type}`);

    const inflated = inflateAt(bytes, at, size);
    if (inflated === undefined) return undefined;
    const offset = this.#offset;
    this.#consume(at - start + inflated.consumed);
    const { data } = inflated;
    if (base !== undefined) return { kind: "delta", offset, base, data };
    return { kind: KINDS[type]!, offset, data };
  }
}

/** Loads what inflates, for which the first object would have to wait (about a millisecond). */
export function prepareInflating(): void {
  // Nothing at all, as zlib writes it (RFC 1950).
  inflateSync(new Uint8Array([0x78, 0x9c, 3, 0, 0, 0, 0, 1]));
}

function inflateAt(
  bytes: Uint8Array,
  at: number,
  size: number,
): { data: Uint8Array; consumed: number } | undefined {
  if (at >= bytes.length) return undefined;
  try {
    // One byte more than announced: a longer content is seen and refused, not inflated.
    const options = { info: true, chunkSize: Math.max(64, size + 1), maxOutputLength: size + 1 };
    const { buffer, engine } = inflate(bytes.subarray(at), options as { info: true });
    if (buffer.length !== size) throw damaged("an object's size differs from its header");
    return { data: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    if (error instanceof TransferError) throw error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "Z_BUF_ERROR") return undefined;
    throw damaged("an object in the pack is damaged", { cause: error });
  }
}
