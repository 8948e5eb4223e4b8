import { beyondBound, Bounds } from "../../git/bounds.ts";
import { digit, NAME_BYTES, PathTable } from "./path_table.ts";

/** Makes a {@link PathTable}, row by row or from rows of another one. */
export class PathTableBuilder {
  #modes = new Uint32Array(256);
  #names = new Uint8Array(256 * NAME_BYTES);
  #starts = new Uint32Array(256 + 1);
  #paths = new Uint8Array(256 * 32);

  /** Rows so far. */
  count = 0;

  /** Adds a row. */
  append(path: string, mode: number, name: string): void {
    // A UTF-16 unit is at most three bytes of UTF-8.
    this.#reserve(1, path.length * 3 + 1);
    const row = this.count++;
    this.#modes[row] = mode;
    this.setName(row, name);
    const start = this.#starts[row]!;
    const { written } = encoder.encodeInto(path, this.#paths.subarray(start));
    this.#starts[row + 1] = start + written + 1;
  }

  /** Gives a row that was appended another name. */
  setName(row: number, name: string): void {
    for (let i = 0; i < NAME_BYTES; i++) {
      this.#names[row * NAME_BYTES + i] = digit(name, 2 * i) << 4 | digit(name, 2 * i + 1);
    }
  }

  /** Gives a row that was appended another mode. */
  setMode(row: number, mode: number): void {
    this.#modes[row] = mode;
  }

  /** Appends rows of another table; their paths begin with `prefix` instead of their first `cut` bytes. */
  appendRows(from: PathTable, first: number, end: number, cut: number, prefix: string): void {
    const { modes, names, starts, paths } = from.columns;
    const same = encoder.encode(prefix);
    const bytes = starts[end]! - starts[first]!;
    this.#reserve(end - first, bytes + (end - first) * same.length);
    this.#modes.set(modes.subarray(first, end), this.count);
    this.#names.set(names.subarray(first * NAME_BYTES, end * NAME_BYTES), this.count * NAME_BYTES);
    let at = this.#starts[this.count]!;
    if (isPrefix(same, paths, starts[first]!, cut)) {
      this.#paths.set(paths.subarray(starts[first], starts[end]), at);
      const shift = at - starts[first]!;
      for (let row = first; row < end; row++) {
        this.#starts[++this.count] = starts[row + 1]! + shift;
      }
      return;
    }
    for (let row = first; row < end; row++) {
      const path = paths.subarray(starts[row]! + cut, starts[row + 1]);
      this.#paths.set(same, at);
      this.#paths.set(path, at + same.length);
      at += same.length + path.length;
      this.#starts[++this.count] = at;
    }
  }

  /** The table of what was appended; nothing can be appended any more. */
  build(): PathTable {
    const { count } = this;
    const bytes = this.#starts[count]!;
    return new PathTable({
      modes: new Uint32Array(this.#modes.buffer.transfer(count * 4)),
      names: new Uint8Array(this.#names.buffer.transfer(count * NAME_BYTES)),
      starts: new Uint32Array(this.#starts.buffer.transfer((count + 1) * 4)),
      paths: new Uint8Array(this.#paths.buffer.transfer(bytes)),
    });
  }

  #reserve(rows: number, bytes: number): void {
    const { count } = this;
    if (count + rows > Bounds.entries) {
      throw beyondBound(`the commit has more than ${Bounds.entries} files and folders`);
    }
    if (this.#starts[count]! + bytes > Bounds.pathBytes) {
      throw beyondBound("the paths of the commit are far too long in all");
    }
    // Moved, not copied: what is given up must not wait for the garbage collector.
    if (count + rows > this.#modes.length) {
      const length = Math.max(count + rows, this.#modes.length * 2);
      this.#modes = new Uint32Array(this.#modes.buffer.transfer(length * 4));
      this.#names = new Uint8Array(this.#names.buffer.transfer(length * NAME_BYTES));
      this.#starts = new Uint32Array(this.#starts.buffer.transfer((length + 1) * 4));
    }
    const needed = this.#starts[count]! + bytes;
    if (needed > this.#paths.length) {
      const length = Math.max(needed, this.#paths.length * 2);
      this.#paths = new Uint8Array(this.#paths.buffer.transfer(length));
    }
  }
}

function isPrefix(prefix: Uint8Array, paths: Uint8Array, start: number, cut: number): boolean {
  if (prefix.length !== cut) return false;
  for (let i = 0; i < cut; i++) if (paths[start + i] !== prefix[i]) return false;
  return true;
}

const encoder = new TextEncoder();
