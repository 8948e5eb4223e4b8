import { beyondBound, Bounds } from "../git/bounds.ts";
import { LARGEST_OBJECT } from "../git/git_objects.ts";
import { damaged, tooLarge } from "../git/transfer_error.ts";

/** tar(5), "POSIX ustar Archives": everything is in blocks of so many bytes. */
const BLOCK = 512;
/** Where a header has the size, and how many digits; where it has the type. */
const SIZE = 124;
const SIZE_DIGITS = 12;
const TYPE = 156;
/** Types, as characters: links, devices, folders and pipes, of which nothing follows the header. */
const BODYLESS = "123456";
/** Types of what describes the next entry: pax headers, and GNU tar's long names. */
const META = "xgLK";

/** A portion is given out when it has so many bytes. */
const PORTION = 64 * 1024;
/** Bytes that may come without being part of an entry: names in pax headers, what fills the end. */
const BETWEEN = 64 * 1024 * 1024;

/** Whole entries, one behind the other, each with all that describes it. */
export interface TarPortion {
  /** Good until the next portion is asked for. */
  readonly bytes: Uint8Array;
  /** Sizes of the entries' contents, by their headers. */
  readonly sizes: readonly number[];
}

/**
 * Cuts a tar archive into portions of whole entries while it arrives, so that each can be taken apart at
 * once, without a stream for every file. It knows of the format where entries end, and the bounds of
 * what may arrive; what entries are is for others to say.
 */
export class TarPortions {
  #space: Uint8Array = new Uint8Array(4 * PORTION);
  #length = 0;
  /** Where the next header begins, and where the last whole entry ends. */
  #next = 0;
  #whole = 0;
  /** What was given out already: it goes when more comes. */
  #given = 0;
  /** Of the whole entries, and of the one that is not whole yet. */
  #sizes: number[] = [];
  #size: number | undefined;
  #isMeta = false;
  #ended = false;
  #bytes = 0;
  #between = 0;

  /**
   * Takes the next bytes of the archive.
   * @throws TransferError for what is no archive ("damaged") and for too large a file, ToolError beyond a bound
   */
  push(chunk: Uint8Array): TarPortion | undefined {
    this.#bytes += chunk.length;
    if (this.#bytes > Bounds.bytes) throw beyondBound("the archive unpacks to more than 2 GB");
    if (this.#ended) {
      this.#count(chunk.length);
      return undefined;
    }
    this.#append(chunk);
    this.#walk();
    return this.#whole >= PORTION || this.#ended ? this.#give() : undefined;
  }

  /**
   * The rest.
   * @throws TransferError when an entry is cut off
   */
  end(): TarPortion | undefined {
    if (this.#ended) return undefined;
    if (this.#length > this.#whole) throw damaged("the archive is cut off");
    return this.#give();
  }

  #append(chunk: Uint8Array): void {
    if (this.#given > 0) {
      this.#space.copyWithin(0, this.#given, this.#length);
      this.#length -= this.#given;
      this.#next -= this.#given;
      this.#whole = this.#given = 0;
    }
    const length = this.#length + chunk.length;
    if (length > this.#space.length) {
      const space = new Uint8Array(length * 2);
      space.set(this.#space.subarray(0, this.#length));
      this.#space = space;
    }
    this.#space.set(chunk, this.#length);
    this.#length = length;
  }

  #give(): TarPortion | undefined {
    if (this.#sizes.length === 0) return undefined;
    const portion = { bytes: this.#space.subarray(0, this.#whole), sizes: this.#sizes };
    this.#given = this.#whole;
    this.#sizes = [];
    return portion;
  }

  /** Looks at all headers that are here. */
  #walk(): void {
    for (;;) {
      // The entry before is whole when the next header could begin.
      if (this.#next > this.#length) return;
      if (this.#size !== undefined) this.#sizes.push(this.#size);
      this.#size = undefined;
      if (!this.#isMeta) this.#whole = this.#next;
      if (this.#next + BLOCK > this.#length) return;
      const header = this.#space.subarray(this.#next, this.#next + BLOCK);
      if (header[0] === 0 && header.every((byte) => byte === 0)) {
        this.#ended = true;
        this.#count(this.#length - this.#next);
        return;
      }
      this.#enter(header);
    }
  }

  #enter(header: Uint8Array): void {
    const type = String.fromCharCode(header[TYPE]!);
    const size = BODYLESS.includes(type) ? 0 : sizeOf(header);
    if (size > LARGEST_OBJECT) throw tooLarge(`a file of ${size} bytes`);
    const bytes = BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    this.#isMeta = META.includes(type);
    if (this.#isMeta) this.#count(bytes);
    else {
      this.#between = 0;
      this.#size = size;
    }
    this.#next += bytes;
  }

  /** Counts bytes that are part of no entry. */
  #count(bytes: number): void {
    this.#between += bytes;
    if (this.#between > BETWEEN) throw beyondBound("the archive is padded without end");
  }
}

/** Octal digits; larger numbers are written otherwise, but not for what anybody wants here. */
function sizeOf(header: Uint8Array): number {
  let size = 0;
  for (let at = SIZE; at < SIZE + SIZE_DIGITS; at++) {
    const digit = header[at]! - 0x30;
    if (digit >= 0 && digit < 8) size = size * 8 + digit;
    else if (header[at] !== 0 && header[at] !== 0x20) {
      throw damaged("a size in the archive is malformed");
    }
  }
  return size;
}
