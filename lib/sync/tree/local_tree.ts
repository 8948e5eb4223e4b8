import { Mode } from "../../git/git_objects.ts";
import { blobHash, fileHash, linkHash } from "../../machine/tree/blob_hash.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { isAbsent } from "../../machine/files/files.ts";
import { FolderCalls } from "../../machine/files/folder_calls.ts";
import { LinkInTheWay } from "../../machine/files/pinned.ts";
import { readRegular } from "../../machine/files/regular_file.ts";
import { namelessBelow, syncableBelow } from "../../machine/tree/files_below.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { isExcludedRow } from "../exclusions.ts";
import { FileHasher } from "./file_hasher.ts";
import { FIGURES, type FileFigures, type LocalIndex } from "./index_file.ts";
import {
  IndexLook,
  OTHER,
  REGULAR,
  RIGHT,
  SLICE_MS,
  turn,
  TYPE_BITS,
  UNKNOWN,
  UNREAD,
} from "./index_look.ts";
import { figuresOf, type LocalEntry, localKind, modeOf } from "./local_entry.ts";
import { nameAt, type PathTable } from "./path_table.ts";

/** Trees of so many rows are looked at through {@link FolderCalls}: below, their set-up costs more. */
const MANY_ROWS = 200;

/** After so many files in a row that the index does not know, only one in so many is looked at before it is read. */
const STRANGE = 64;

/**
 * The tree as it is on disk, looked at once. Links in folders' places are seen as links, and nothing
 * behind them is looked at. Rows of the index that are as they should be, nearly all as a rule, cost a
 * byte and no object.
 */
export class LocalTree {
  readonly #look: IndexLook | undefined;
  readonly #table: PathTable | undefined;
  readonly #trustBefore: number;
  readonly #trustFigures: boolean;
  readonly #uid: number = Deno.uid() ?? 0;
  readonly #rows: Uint8Array;
  /** What is at paths that are no row, or are not as their row says. */
  readonly #seen = new Map<string, LocalEntry | undefined>();
  /** Paths of what was seen, by name; made when it is asked. */
  #seenBySha: Map<string, string> | undefined;
  /** Files in a row that were not as the index knows them. */
  #strange = 0;
  /** Besides those that the look at the rows has counted. */
  #checked = 0;
  /** Files whose content was read. */
  hashed = 0;
  /** Files of which the index did not know, but may remember from now on, that they are unchanged. */
  learnt = 0;

  /**
   * @param path the tree's host path
   * @param index what was known before; without one everything is read
   * @param trustBefore the second by the file system's clock: files changed in it or later are not
   *   remembered as unchanged
   * @param trustFigures false: files are read although the index knows them
   * @param begun a look at rows of this index, when one was begun: what it has found is not looked at again
   */
  constructor(
    readonly path: string,
    index: LocalIndex | undefined,
    trustBefore: number,
    trustFigures = true,
    begun?: IndexLook,
  ) {
    this.#look = begun ?? (index && new IndexLook(index, trustFigures));
    this.#rows = this.#look?.rows ?? new Uint8Array(0);
    this.#table = index?.manifest.table;
    this.#trustBefore = trustBefore;
    this.#trustFigures = trustFigures;
  }

  /** Files and links looked at. */
  get checked(): number {
    return this.#checked + (this.#look?.checked ?? 0);
  }

  /**
   * Looks at all paths of the index, leaving the network a moment now and then.
   * @param quick whether by system calls of our own; the result is the same
   * @returns whether all of them are as they should be
   */
  async scan(quick: boolean = this.#rows.length >= MANY_ROWS): Promise<boolean> {
    const table = this.#table;
    if (table === undefined) return true;
    using folder = quick ? FolderCalls.open(this.path) : undefined;
    using unread = folder && new FileHasher(folder, table.columns);
    let slice = performance.now() + SLICE_MS;
    for (let row = 0; row < table.count;) {
      row = this.#scanRow(row, table, folder, unread);
      if (row % 64 === 0 && performance.now() > slice) {
        await turn();
        slice = performance.now() + SLICE_MS;
      }
    }
    if (unread && unread.count > 0) await this.#read(unread, table);
    return !this.#rows.includes(OTHER);
  }

  /** Whether the file or folder of a row of the index is as the row says, permissions included. */
  isRight(row: number): boolean {
    if (this.#rows[row] === UNKNOWN || this.#rows[row] === UNREAD) this.#lookAtRow(row);
    return this.#rows[row] === RIGHT;
  }

  /** 1 for rows that were looked at and are as they should be. */
  get rightRows(): Uint8Array {
    return this.#rows;
  }

  /** What is at a path whose parents are real folders. */
  at(path: string): LocalEntry | undefined {
    if (this.#seen.has(path)) return this.#seen.get(path);
    const row = this.#table?.rowOf(path);
    if (row !== undefined) {
      if (this.isRight(row)) return this.#asExpected(row);
      return this.#seen.get(path);
    }
    const entry = this.#lookAt(path, undefined);
    this.#seen.set(path, entry);
    return entry;
  }

  /** What was seen at a path, if it was looked at: nothing is looked at now. */
  known(path: string): LocalEntry | undefined {
    if (this.#seen.has(path)) return this.#seen.get(path);
    const row = this.#table?.rowOf(path);
    return row !== undefined && this.#rows[row] === RIGHT ? this.#asExpected(row) : undefined;
  }

  /** Whether these are the paths of the index. */
  isOf(table: PathTable): boolean {
    return this.#table === table;
  }

  /**
   * Paths of files and links at a path and below it, which something else takes the place of, that a
   * commit could have.
   * @throws ToolError exit 6 when there is also what could not be kept
   */
  listBelow(path: string): string[] {
    const nameless = namelessBelow(this.path, path);
    if (nameless === undefined) return syncableBelow(this.path, path);
    throw new ToolError(
      `${nameless} cannot be kept: its name is not UTF-8`,
      {
        code: ExitCode.Configuration,
        hint:
          `nothing was changed; the commit has something else than a folder at ${path}: rename ` +
          `the file or move it elsewhere, and run it again`,
      },
    );
  }

  /** Copies what the index may remember of rows to another index. */
  copyFigures(row: number, to: FileFigures, toRow: number, count = 1): void {
    to.set(this.#look!.figures.subarray(row * FIGURES, (row + count) * FIGURES), toRow * FIGURES);
  }

  /**
   * The content of a file here that has this name; undefined when there is none. The content is
   * verified: what was changed since it was looked at is not given.
   */
  contentOf(sha: string): Uint8Array | undefined {
    for (const path of this.#pathsOf(sha)) {
      const entry = this.at(path);
      if (entry?.sha !== sha) continue;
      const host = `${this.path}/${path}`;
      const content = entry.kind === "symlink"
        ? new TextEncoder().encode(Deno.readLinkSync(host))
        : readRegular(host, Infinity);
      if (blobHash(content) === sha) return content;
    }
    return undefined;
  }

  /** Where a content should be: what is really there is looked at when it is asked for. */
  *#pathsOf(sha: string): Generator<string> {
    const table = this.#table;
    for (const row of table?.rowsOf(sha) ?? []) {
      if (!table!.isFolder(row) && this.#rows[row] !== OTHER) yield table!.path(row);
    }
    if (this.#seenBySha === undefined) {
      this.#seenBySha = new Map();
      for (const [path, entry] of this.#seen) if (entry?.sha) this.#seenBySha.set(entry.sha, path);
    }
    const seen = this.#seenBySha.get(sha);
    if (seen !== undefined) yield seen;
  }

  /** Looks at one row, or notes that it must be read, and returns the next to be looked at. */
  #scanRow(
    row: number,
    table: PathTable,
    folder: FolderCalls | undefined,
    unread: FileHasher | undefined,
  ): number {
    if (this.#rows[row] !== UNKNOWN) return row + 1;
    const mode = table.mode(row);
    if (mode === Mode.Gitlink) return row + 1;
    if (isExcludedRow(table, row)) return row + 1;
    if (folder && unread) {
      if (this.#mustRead(row, mode)) {
        this.#rows[row] = UNREAD;
        unread.add(row);
        return row + 1;
      }
      if (this.#glance(row, folder, unread)) return row + 1;
    }
    // Nothing is looked at below what is no folder.
    const gone = !this.isRight(row) && table.isFolder(row) &&
      this.#seen.get(table.path(row))?.kind !== "folder";
    return gone ? table.endOf(row) : row + 1;
  }

  /** Whether a file has to be read, or most probably: then it is not looked at before that. */
  #mustRead(row: number, mode: number): boolean {
    if ((mode & TYPE_BITS) !== REGULAR) return false;
    if (!this.#trustFigures || this.#look!.index.figures[row * FIGURES + 2] === 0) return true;
    return this.#strange >= STRANGE && this.#strange++ % STRANGE !== 0;
  }

  /**
   * Looks at a row in the quick way.
   * @returns false when it is not what the index says and has to be looked at in the other way
   */
  #glance(row: number, folder: FolderCalls, unread: FileHasher): boolean {
    const found = this.#look!.glance(row, folder);
    if (found === UNREAD) {
      this.#strange++;
      unread.add(row);
    } else if (found === RIGHT && !this.#table!.isFolder(row)) this.#strange = 0;
    return found !== UNKNOWN;
  }

  /** Judges the rows of files that had to be read. */
  async #read(unread: FileHasher, table: PathTable): Promise<void> {
    const { rows, done, names, figures, modes, uids } = await unread.finish(turn, SLICE_MS * 3);
    for (let item = 0; item < unread.count; item++) {
      const row = rows[item]!;
      // Somebody could not wait and has looked at it.
      if (this.#rows[row] !== UNREAD) continue;
      if (done[item] === 0) {
        this.#lookAtRow(row);
        continue;
      }
      this.#checked++;
      this.hashed++;
      const mode = modes[item]!;
      const uid = uids[item]!;
      const at = item * FIGURES;
      const old = this.#isOld(figures[at + 1]!, figures[at + 2]!);
      if (old) this.learnt++;
      if (
        table.isSameName(row, names, item) && this.#look!.isPermitted(table.mode(row), mode, uid)
      ) {
        this.#rows[row] = RIGHT;
        if (!old) continue;
        for (let i = 0; i < FIGURES; i++) this.#look!.figures[row * FIGURES + i] = figures[at + i]!;
      } else {
        const sha = nameAt(names, item);
        const remembered = old ? [...figures.subarray(at, at + FIGURES)] : undefined;
        this.#judge(row, { kind: "file", sha, mode: mode & 0o7777, uid, figures: remembered });
      }
    }
  }

  #lookAtRow(row: number): void {
    this.#judge(row, this.#lookAt(this.#table!.path(row), row));
  }

  /** Notes whether what is there is what the row says; otherwise what it is is put into the map. */
  #judge(row: number, entry: LocalEntry | undefined): void {
    const mode = this.#table!.mode(row);
    const right = entry !== undefined && entry.kind === localKind(mode) &&
      (entry.kind === "folder" ||
        entry.sha !== undefined && this.#table!.hasName(row, entry.sha)) &&
      (entry.kind === "symlink" || this.#look!.isPermitted(mode, entry.mode, entry.uid));
    this.#rows[row] = right ? RIGHT : OTHER;
    if (!right) this.#seen.set(this.#table!.path(row), entry);
    else if (entry.figures) this.#look!.figures.set(entry.figures, row * FIGURES);
  }

  #asExpected(row: number): LocalEntry {
    const mode = this.#table!.mode(row);
    const kind = localKind(mode);
    const figures = [...this.#look!.figures.subarray(row * FIGURES, (row + 1) * FIGURES)];
    return {
      kind,
      sha: kind === "folder" ? undefined : this.#table!.name(row),
      mode: modeOf({ mode }),
      uid: this.#uid,
      figures: figures[2] === 0 ? undefined : figures,
    };
  }

  #lookAt(path: string, row: number | undefined): LocalEntry | undefined {
    const host = path === "" ? this.path : `${this.path}/${path}`;
    const info = lstatBelow(host);
    if (info === undefined) return undefined;
    const mode = (info.mode ?? 0) & 0o7777;
    const uid = info.uid ?? 0;
    if (!info.isFile && !info.isSymlink) {
      const kind = info.isDirectory ? "folder" : "other";
      return { kind, sha: undefined, mode, uid, figures: undefined };
    }
    this.#checked++;
    const kind = info.isFile ? "file" : "symlink";
    const figures = figuresOf(info);
    if (row !== undefined && this.#isKnown(row, figures)) {
      return { kind, sha: this.#table!.name(row), mode, uid, figures };
    }
    if (info.isFile) this.hashed++;
    const sha = info.isFile ? hashOf(host, info.size) : linkHash(host);
    if (sha === undefined) return undefined;
    const old = this.#isOld(figures[1]!, figures[2]!);
    if (old) this.learnt++;
    return { kind, sha, mode, uid, figures: old ? figures : undefined };
  }

  #isKnown(row: number, figures: readonly number[]): boolean {
    const known = this.#look!.index.figures;
    const at = row * FIGURES;
    return this.#trustFigures && known[at + 2] !== 0 && figures[0] === known[at] &&
      figures[1] === known[at + 1] && figures[2] === known[at + 2] && figures[3] === known[at + 3];
  }

  /** Whether a file is old enough for the index to remember its figures. */
  #isOld(mtime: number, ctime: number): boolean {
    return ctime < this.#trustBefore && mtime < this.#trustBefore * 1000;
  }
}

/** By path, because it is asked of every file and only looked at: what is read or changed is pinned. */
function lstatBelow(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Undefined for what is behind a link: that is no part of the tree. */
function hashOf(path: string, size: number): string | undefined {
  try {
    return fileHash(path, size);
  } catch (error) {
    if (error instanceof LinkInTheWay) return undefined;
    throw error;
  }
}
