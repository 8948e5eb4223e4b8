import type { PathTable } from "./path_table.ts";

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
  #next: number;
  /** All of them, made when the order is another one. */
  #rows: Map<string, number> | undefined;

  /** @param row -1 for the whole tree */
  constructor(table: PathTable, row: number) {
    this.#table = table;
    this.#first = this.#next = row + 1;
    this.#end = row < 0 ? table.count : table.endOf(row);
  }

  /** The row of a path in it. */
  find(path: string): number | undefined {
    const row = this.#next < this.#end && this.#table.path(this.#next) === path
      ? this.#next
      : this.#search(path);
    if (row !== undefined) this.#next = this.#table.endOf(row);
    return row;
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
