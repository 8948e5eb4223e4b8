import { Mode } from "../../git/git_objects.ts";
import { FolderCalls } from "../../machine/files/folder_calls.ts";
import { isExcludedRow } from "../exclusions.ts";
import { FIGURES, type FileFigures, type LocalIndex } from "./index_file.ts";
import { modeOf } from "./local_entry.ts";

/** Work that is done between two looks at the network (milliseconds). */
export const SLICE_MS = 10;

/** Leaves the network a moment: a timer does, an immediate does not. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Rows after which the network may have waited for so long: fewer are looked at in one go. */
const MANY = 1024;

/** What a row of the index was found to be: it was not looked at. */
export const UNKNOWN = 0;
/** It is as the index says. */
export const RIGHT = 1;
/** It is something else, or gone. */
export const OTHER = 2;
/** It has to be read. */
export const UNREAD = 3;

/** S_IFMT (inode(7)). */
export const TYPE_BITS = 0o170000;
/** S_IFREG (inode(7)). */
export const REGULAR = 0o100000;

/**
 * The rows of an index beside what is in their places, looked at by system calls of our own and not read.
 * Rows that are as they should be, nearly all as a rule, cost a byte and no object.
 */
export class IndexLook {
  readonly index: LocalIndex;
  /** By row: {@link UNKNOWN} and the others. */
  readonly rows: Uint8Array;
  /** What the index may remember of its rows from now on. */
  readonly figures: FileFigures;
  readonly #trustFigures: boolean;
  readonly #isRoot: boolean = Deno.uid() === 0;

  /** Files and links that were looked at and are as they should be. */
  checked = 0;

  /** @param trustFigures false: files are read although the index knows them */
  constructor(index: LocalIndex, trustFigures = true) {
    this.index = index;
    this.#trustFigures = trustFigures;
    const { count } = index.manifest.table;
    this.rows = new Uint8Array(count);
    this.figures = new Float64Array(count * FIGURES);
  }

  /**
   * Looks at all rows, as long as they are as they should be, leaving the network a moment now and then.
   * @param path the tree's host path
   * @returns whether all are
   */
  async isUntouched(path: string): Promise<boolean> {
    using folder = this.#trustFigures ? FolderCalls.open(path) : undefined;
    if (folder === undefined) return false;
    const { table } = this.index.manifest;
    let slice = performance.now() + SLICE_MS;
    for (let row = 0; row < table.count; row++) {
      if (table.mode(row) === Mode.Gitlink || isExcludedRow(table, row)) continue;
      if (this.glance(row, folder) !== RIGHT) {
        this.rows[row] = UNKNOWN;
        return false;
      }
      if (row % MANY === 0 && performance.now() > slice) {
        await turn();
        slice = performance.now() + SLICE_MS;
      }
    }
    return true;
  }

  /**
   * Looks at a row.
   * @returns {@link UNREAD} for a file that may have changed, {@link UNKNOWN} when it is not what the index
   *   says and has to be looked at in another way
   */
  glance(row: number, folder: FolderCalls): number {
    const { paths, starts, modes } = this.index.manifest.table.columns;
    if (!folder.stat(paths.subarray(starts[row]))) return UNKNOWN;
    const { found } = folder;
    const expected = modes[row]!;
    const type = found.mode & TYPE_BITS;
    if (type !== (expected & TYPE_BITS)) return UNKNOWN;
    const isLink = type === Mode.Symlink;
    if (!isLink && !this.isPermitted(expected, found.mode, found.uid)) return UNKNOWN;
    if (type === Mode.Tree) return this.rows[row] = RIGHT;
    const { size, mtime, ctime, inode } = found;
    const known = this.index.figures;
    const at = row * FIGURES;
    const isKnown = this.#trustFigures && ctime !== 0 && known[at] === size &&
      known[at + 1] === mtime && known[at + 2] === ctime && known[at + 3] === inode;
    if (!isKnown) return type === REGULAR ? this.rows[row] = UNREAD : UNKNOWN;
    this.checked++;
    for (let i = 0; i < FIGURES; i++) this.figures[at + i] = known[at + i]!;
    return this.rows[row] = RIGHT;
  }

  /** Whether a file or folder has the permissions and the owner that it should have. */
  isPermitted(expected: number, mode: number, uid: number): boolean {
    return (mode & 0o7777) === modeOf({ mode: expected }) && (uid === 0 || !this.#isRoot);
  }
}
