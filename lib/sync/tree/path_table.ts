import { Mode } from "../../git/git_objects.ts";

/** Bytes of an object name. */
export const NAME_BYTES = 20;

/** The columns of a {@link PathTable}, one row for each path. */
export interface PathColumns {
  /** As in the tree objects. */
  readonly modes: Uint32Array<ArrayBuffer>;
  /** {@link NAME_BYTES} for each row. */
  readonly names: Uint8Array<ArrayBuffer>;
  /** Where each path begins, and in the end where the next one would. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** The paths in UTF-8, each with a zero byte behind it, as system calls take them. */
  readonly paths: Uint8Array<ArrayBuffer>;
}

/** So many rows are made texts of at once, when one after the other is asked for. */
const TEXTS = 256;

/** Paths and names of some rows. */
interface Texts {
  /** The first of them. */
  readonly rows: number;
  readonly end: number;
  readonly paths: readonly string[];
  /** In hexadecimal digits, one behind the other. */
  readonly names: string;
}

/**
 * Paths of a commit in Git's order, every folder directly before what it holds. Columns, because 60,000
 * objects with two strings each take longer to make than all of their files take to be looked at.
 */
export class PathTable {
  readonly columns: PathColumns;
  readonly count: number;
  #near: Texts | undefined;
  /** Rows by name: an open hash table of row + 1, made when it is asked. */
  #byName: Uint32Array | undefined;
  /** Rows by path, for paths that are in another order than Git's; undefined while not checked. */
  #byPath: Map<string, number> | null | undefined;

  constructor(columns: PathColumns) {
    this.columns = columns;
    this.count = columns.modes.length;
  }

  /** The mode, as Git writes it. */
  mode(row: number): number {
    return this.columns.modes[row]!;
  }

  /** Whether the row is a tree. */
  isFolder(row: number): boolean {
    return isTree(this.columns.modes[row]!);
  }

  /** All of a row, as an object. */
  entry(row: number): { readonly path: string; readonly mode: number; readonly sha: string } {
    return { path: this.path(row), mode: this.mode(row), sha: this.name(row) };
  }

  /** The object name, 40 hexadecimal digits. */
  name(row: number): string {
    const { rows, names } = this.#texts(row);
    const at = (row - rows) * NAME_BYTES * 2;
    return names.slice(at, at + NAME_BYTES * 2);
  }

  /** The path, relative to the tree. */
  path(row: number): string {
    const { rows, paths } = this.#texts(row);
    return paths[row - rows]!;
  }

  /** Texts of a row and some that follow: who asks for one row often asks for the next. */
  #texts(row: number): Texts {
    const near = this.#near;
    if (near && row >= near.rows && row < near.end) return near;
    const { starts, paths, names } = this.columns;
    const end = Math.min(row + (row === near?.end ? TEXTS : 1), this.count);
    const ofRows = paths.subarray(starts[row], starts[end]! - 1);
    return this.#near = {
      rows: row,
      end,
      paths: decoder.decode(ofRows).split("\0"),
      names: names.subarray(row * NAME_BYTES, end * NAME_BYTES).toHex(),
    };
  }

  /** Whether a row's path is that of a row of another table; false when there is no such row. */
  hasPath(row: number, other: PathTable, otherRow: number): boolean {
    if (row >= this.count) return false;
    const [mine, its] = [this.columns, other.columns];
    const at = mine.starts[row]!;
    const from = its.starts[otherRow]!;
    const length = mine.starts[row + 1]! - at;
    if (length !== its.starts[otherRow + 1]! - from) return false;
    for (let i = 0; i < length; i++) if (mine.paths[at + i] !== its.paths[from + i]) return false;
    return true;
  }

  /** The row of a path; undefined when it is not there. */
  rowOf(path: string): number | undefined {
    // The top of the tree has no row; it is asked for often, and looking would check the order of all.
    if (this.count === 0 || path === "") return undefined;
    if (this.#byPath === undefined) {
      this.#byPath = this.#isSorted()
        ? null
        : new Map(Array.from({ length: this.count }, (_, row) => [this.path(row), row]));
    }
    if (this.#byPath) return this.#byPath.get(path);
    const bytes = encoder.encode(path);
    return this.#search(bytes, false) ?? this.#search(bytes, true);
  }

  /** The row behind the last one below a folder, or behind that of a file. */
  endOf(row: number): number {
    if (!this.isFolder(row)) return row + 1;
    // What is below a folder stands together: look in strides, then between the last two.
    let inside = row;
    let stride = 1;
    while (inside + stride < this.count && this.#isBelow(inside + stride, row)) {
      inside += stride;
      stride *= 2;
    }
    let outside = Math.min(inside + stride, this.count);
    while (outside - inside > 1) {
      const middle = (inside + outside) >> 1;
      if (this.#isBelow(middle, row)) inside = middle;
      else outside = middle;
    }
    return outside;
  }

  /** All rows with an object name. */
  rowsOf(name: string): number[] {
    const table = this.#byName ??= this.#hashNames();
    const rows: number[] = [];
    const mask = table.length - 1;
    for (let at = parseInt(name.slice(0, 8), 16) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const row = table[at]! - 1;
      if (this.hasName(row, name)) rows.push(row);
    }
    return rows;
  }

  /** Whether a row has this object name. */
  hasName(row: number, name: string): boolean {
    const { names } = this.columns;
    for (let i = 0; i < NAME_BYTES; i++) {
      if (names[row * NAME_BYTES + i] !== (digit(name, 2 * i) << 4 | digit(name, 2 * i + 1))) {
        return false;
      }
    }
    return true;
  }

  /** Whether a row has one of many object names that stand behind each other. */
  isSameName(row: number, others: Uint8Array, other: number): boolean {
    const { names } = this.columns;
    for (let i = 0; i < NAME_BYTES; i++) {
      if (names[row * NAME_BYTES + i] !== others[other * NAME_BYTES + i]) return false;
    }
    return true;
  }

  #hashNames(): Uint32Array {
    let size = 16;
    while (size < this.count * 2) size *= 2;
    const table = new Uint32Array(size);
    const { names } = this.columns;
    for (let row = 0; row < this.count; row++) {
      const i = row * NAME_BYTES;
      // As parseInt() of its first digits: names are as good as random.
      const hash = names[i]! << 24 | names[i + 1]! << 16 | names[i + 2]! << 8 | names[i + 3]!;
      let at = hash & (size - 1);
      while (table[at] !== 0) at = (at + 1) & (size - 1);
      table[at] = row + 1;
    }
    return table;
  }

  /** Whether a row's path begins with the folder of another row. */
  #isBelow(row: number, folder: number): boolean {
    const { paths, starts } = this.columns;
    const from = starts[folder]!;
    const length = starts[folder + 1]! - 1 - from;
    const at = starts[row]!;
    if (starts[row + 1]! - 1 - at <= length || paths[at + length] !== SLASH) return false;
    for (let i = length - 1; i >= 0; i--) if (paths[at + i] !== paths[from + i]) return false;
    return true;
  }

  #search(path: Uint8Array, folder: boolean): number | undefined {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const order = this.#compare(middle, path, 0, path.length, folder);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  #isSorted(): boolean {
    const { paths, starts, modes } = this.columns;
    for (let row = 1; row < this.count; row++) {
      const tree = isTree(modes[row]!);
      if (this.#compare(row - 1, paths, starts[row]!, starts[row + 1]! - 1, tree) >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Compares a row with a path as Git sorts them: by bytes, folders as if they ended with a slash. */
  #compare(row: number, other: Uint8Array, from: number, to: number, folder: boolean): number {
    const { paths, starts, modes } = this.columns;
    const at = starts[row]!;
    const length = starts[row + 1]! - 1 - at;
    const shared = Math.min(length, to - from);
    for (let i = 0; i < shared; i++) {
      const difference = paths[at + i]! - other[from + i]!;
      if (difference !== 0) return difference;
    }
    const mine = shared < length ? paths[at + shared]! : isTree(modes[row]!) ? SLASH : -1;
    const its = from + shared < to ? other[from + shared]! : folder ? SLASH : -1;
    // Both at their end is equal; a folder's slash against that of a path below it is not.
    if (mine === its && (shared < length) !== (from + shared < to)) return shared < length ? 1 : -1;
    return mine - its;
  }
}

function isTree(mode: number): boolean {
  return (mode & 0o170000) === Mode.Tree;
}

/** One of many object names that stand behind each other, in hexadecimal digits. */
export function nameAt(names: Uint8Array, row: number): string {
  return names.subarray(row * NAME_BYTES, (row + 1) * NAME_BYTES).toHex();
}

/** The value of a hexadecimal digit (lower case). */
export function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 0x40 ? code - 0x30 : code - 0x57;
}

const SLASH = 0x2f;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
