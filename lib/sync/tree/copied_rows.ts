import { hostilePathError } from "../../machine/tree/hostile_path.ts";
import { NAME_BYTES, type PathTable } from "./path_table.ts";

const SPACE = 0x20;
const ZERO = 0x30;

/** Rows that a manifest took over from another one, paths included. */
export interface CopiedRows {
  readonly from: PathTable;
  /** The first of them there, and here. */
  readonly first: number;
  readonly at: number;
  readonly count: number;
}

/** What a folder of a manifest holds, asked for in its order as a rule. */
export class KnownFolder {
  readonly #table: PathTable;
  readonly #first: number;
  readonly #end: number;
  /** Bytes before the names in the paths. */
  readonly #prefix: number;
  #next: number;
  /** Where runs of rows that were passed over as equal begin and end. */
  readonly #skipped: number[] = [];
  /** Rows whose path is a folder now and was a file, or the reverse: they are not equal to anything. */
  readonly #replaced = new Set<number>();
  /** All of them, made when the order is another one. */
  #rows: Map<string, number> | undefined;

  /** @param row -1 for the whole tree */
  constructor(table: PathTable, row: number) {
    this.#table = table;
    this.#first = this.#next = row + 1;
    this.#end = row < 0 ? table.count : table.endOf(row);
    const { starts } = table.columns;
    // The zero byte that ends a path is as long as the slash that goes on.
    this.#prefix = row < 0 ? 0 : starts[row + 1]! - starts[row]!;
  }

  /**
   * Passes over what a tree object and this folder both have, without any difference.
   * @param at where an entry of the tree object begins
   * @returns where the first one that differs begins, and the rows of the others with all below them
   */
  skip(tree: Uint8Array, at: number): { at: number; first: number; end: number } {
    const first = this.#next;
    for (let next = this.#same(tree, at); next !== undefined; next = this.#same(tree, at)) {
      at = next;
      this.#next = this.#table.endOf(this.#next);
    }
    if (this.#next > first) this.#skipped.push(first, this.#next);
    return { at, first, end: this.#next };
  }

  /** Where the entry ends that begins there, if the next row has the same mode, name and object. */
  #same(tree: Uint8Array, at: number): number | undefined {
    const row = this.#next;
    if (row >= this.#end || this.#replaced.has(row)) return undefined;
    const { modes, names, starts, paths } = this.#table.columns;
    let mode = 0;
    for (; tree[at] !== SPACE && at < tree.length; at++) mode = mode * 8 + tree[at]! - ZERO;
    if (mode !== modes[row]) return undefined;
    at++;
    // With the zero byte that ends both.
    for (let i = starts[row]! + this.#prefix; i < starts[row + 1]!; i++) {
      if (tree[at++] !== paths[i]) return undefined;
    }
    for (let i = row * NAME_BYTES; i < (row + 1) * NAME_BYTES; i++) {
      if (tree[at++] !== names[i]) return undefined;
    }
    return at <= tree.length ? at : undefined;
  }

  /**
   * The row of a path in it; undefined when it is not there, or was something else there that Git sorts
   * elsewhere: a folder's name ends in a slash for that, so that `a.txt` may stand between the two.
   * @throws ToolError when it was passed already: it is there twice, or not in Git's order
   */
  find(path: string, isFolder: boolean): number | undefined {
    const row = this.#next < this.#end && this.#table.path(this.#next) === path
      ? this.#next
      : this.#search(path);
    if (row === undefined) return undefined;
    const changed = this.#table.isFolder(row) !== isFolder && !this.#wasSkipped(row);
    if (changed) {
      this.#replaced.add(row);
      return undefined;
    }
    if (row < this.#next) throw hostilePathError(path, "is out of order", "the commit");
    this.#next = this.#table.endOf(row);
    return row;
  }

  #wasSkipped(row: number): boolean {
    return this.#skipped.some((end, i) => i % 2 === 1 && row >= this.#skipped[i - 1]! && row < end);
  }

  #search(path: string): number | undefined {
    if (this.#rows === undefined) {
      this.#rows = new Map();
      for (let row = this.#first; row < this.#end; row = this.#table.endOf(row)) {
        this.#rows.set(this.#table.path(row), row);
      }
    }
    return this.#rows.get(path);
  }
}

/** Notes copied rows; those that follow each other in both are one run. */
export function addCopied(copied: CopiedRows[], rows: CopiedRows): void {
  const last = copied.at(-1);
  if (
    last?.from === rows.from && last.first + last.count === rows.first &&
    last.at + last.count === rows.at
  ) {
    copied[copied.length - 1] = { ...last, count: last.count + rows.count };
  } else copied.push(rows);
}
