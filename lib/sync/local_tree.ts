import { isExecutable, kindOf, Mode } from "../github/git_objects.ts";
import { blobHash, fileHash, linkHash } from "../machine/blob_hash.ts";
import { lstatIfExists } from "../machine/files.ts";
import { isExcluded } from "./exclusions.ts";
import { FIGURES, type FileFigures, type LocalIndex } from "./index_file.ts";
import type { ManifestEntry } from "./manifest.ts";

/** What is at a path of the tree. */
export interface LocalEntry {
  readonly kind: "file" | "symlink" | "folder" | "other";
  /** The blob name of a file's or symlink's content. */
  readonly sha: string | undefined;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  /** For the index; undefined when it must be read again next time. */
  readonly figures: readonly number[] | undefined;
}

/** Work that is done between two looks at the network: this many paths, or so many bytes hashed. */
const SLICE_PATHS = 3000;
const SLICE_BYTES = 2 * 1024 * 1024;

/** What a row of the index was found to be: not looked at, as it should be, or anything else. */
const UNKNOWN = 0;
const RIGHT = 1;
const OTHER = 2;

/** Permissions that a file or folder has in the tree. */
export function modeOf({ mode }: Pick<ManifestEntry, "mode">): number {
  return mode === Mode.Tree || isExecutable(mode) ? 0o755 : 0o644;
}

/**
 * The tree as it is on disk, looked at once. Links in folders' places are seen as links, and nothing
 * behind them is looked at. Rows of the index that are as they should be, nearly all as a rule, cost a
 * byte and no object.
 */
export class LocalTree {
  readonly #path: string;
  readonly #index: LocalIndex | undefined;
  readonly #trustBefore: number;
  readonly #trustFigures: boolean;
  readonly #asRoot: boolean = Deno.uid() === 0;
  readonly #rows: Uint8Array;
  /** New figures of the index's rows. */
  readonly #figures: FileFigures;
  /** What is at paths that are no row, or are not as their row says. */
  readonly #seen = new Map<string, LocalEntry | undefined>();
  #rowByPath: Map<string, number> | undefined;
  #bySha: Map<string, string> | undefined;
  #checked = 0;
  #hashed = 0;
  #hashedBytes = 0;
  #learnt = 0;

  /**
   * @param path the tree's host path
   * @param index what was known before; without one everything is read
   * @param trustBefore the second by the file system's clock: files changed in it or later are not
   *   remembered as unchanged
   * @param trustFigures false: files are read although the index knows them
   */
  constructor(
    path: string,
    index: LocalIndex | undefined,
    trustBefore: number,
    trustFigures = true,
  ) {
    this.#path = path;
    this.#index = index;
    this.#trustBefore = trustBefore;
    this.#trustFigures = trustFigures;
    const rows = index?.manifest.entries.length ?? 0;
    this.#rows = new Uint8Array(rows);
    this.#figures = new Float64Array(rows * FIGURES);
  }

  /** Files and links looked at. */
  get checked(): number {
    return this.#checked;
  }

  /** Files whose content was read. */
  get hashed(): number {
    return this.#hashed;
  }

  /** Files of which the index did not know, but may remember from now on, that they are unchanged. */
  get learnt(): number {
    return this.#learnt;
  }

  /**
   * Looks at all paths of the index, leaving the network a moment now and then.
   * @returns whether all of them are as they should be
   */
  async scan(): Promise<boolean> {
    const entries = this.#index?.manifest.entries ?? [];
    let gone: string | undefined;
    let bytes = this.#hashedBytes;
    let allRight = true;
    for (let row = 0; row < entries.length; row++) {
      const { path, mode } = entries[row]!;
      if (gone !== undefined && path.startsWith(gone)) continue;
      gone = undefined;
      if (mode === Mode.Gitlink || isExcluded(path)) continue;
      const right = this.isRight(row);
      allRight &&= right;
      if (!right && mode === Mode.Tree && this.#seen.get(path)?.kind !== "folder") {
        gone = path + "/";
      }
      if (row % SLICE_PATHS === SLICE_PATHS - 1 || this.#hashedBytes - bytes > SLICE_BYTES) {
        bytes = this.#hashedBytes;
        // A timer, because an immediate does not let the network have its turn.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    return allRight;
  }

  /** Whether the file or folder of a row of the index is as the row says, permissions included. */
  isRight(row: number): boolean {
    if (this.#rows[row] === UNKNOWN) this.#lookAtRow(row);
    return this.#rows[row] === RIGHT;
  }

  /** What is at a path whose parents are real folders. */
  at(path: string): LocalEntry | undefined {
    if (this.#seen.has(path)) return this.#seen.get(path);
    const row = this.#rowOf(path);
    if (row !== undefined) {
      if (this.isRight(row)) return this.#asExpected(row);
      return this.#seen.get(path);
    }
    const entry = this.#look(path, undefined);
    this.#seen.set(path, entry);
    return entry;
  }

  /** Copies what the index may remember of a row to another index. */
  copyFigures(row: number, to: FileFigures, toRow: number): void {
    for (let i = 0; i < FIGURES; i++) {
      to[toRow * FIGURES + i] = this.#figures[row * FIGURES + i]!;
    }
  }

  /**
   * The content of a file here that has this name; undefined when there is none. The content is
   * verified: what was changed since it was looked at is not given.
   */
  contentOf(sha: string): Uint8Array | undefined {
    this.#bySha ??= this.#pathsBySha();
    const path = this.#bySha.get(sha);
    if (path === undefined) return undefined;
    const entry = this.at(path);
    if (entry?.sha !== sha) return undefined;
    const host = `${this.#path}/${path}`;
    const content = entry.kind === "symlink"
      ? new TextEncoder().encode(Deno.readLinkSync(host))
      : Deno.readFileSync(host);
    return blobHash(content) === sha ? content : undefined;
  }

  /** Where a content should be: what is really there is looked at when it is asked for. */
  #pathsBySha(): Map<string, string> {
    const paths = new Map<string, string>();
    for (const [path, entry] of this.#seen) if (entry?.sha) paths.set(entry.sha, path);
    this.#index?.manifest.entries.forEach(({ path, sha, mode }, row) => {
      if (mode !== Mode.Tree && this.#rows[row] !== OTHER) paths.set(sha, path);
    });
    return paths;
  }

  #rowOf(path: string): number | undefined {
    this.#rowByPath ??= new Map(this.#index?.manifest.entries.map(({ path }, row) => [path, row]));
    return this.#rowByPath.get(path);
  }

  /** Returns whether all is right; otherwise what is there was put into the map. */
  #lookAtRow(row: number): boolean {
    const expected = this.#index!.manifest.entries[row]!;
    const entry = this.#look(expected.path, row);
    const right = entry !== undefined && entry.kind === localKind(expected.mode) &&
      (entry.kind === "folder" || entry.sha === expected.sha) &&
      (entry.kind === "symlink" ||
        entry.mode === modeOf(expected) && (entry.uid === 0 || !this.#asRoot));
    this.#rows[row] = right ? RIGHT : OTHER;
    if (!right) this.#seen.set(expected.path, entry);
    else if (entry.figures) this.#figures.set(entry.figures, row * FIGURES);
    return right;
  }

  #asExpected(row: number): LocalEntry {
    const { mode, sha } = this.#index!.manifest.entries[row]!;
    const kind = localKind(mode);
    const figures = [...this.#figures.subarray(row * FIGURES, (row + 1) * FIGURES)];
    return {
      kind,
      sha: kind === "folder" ? undefined : sha,
      mode: modeOf({ mode }),
      uid: Deno.uid() ?? 0,
      figures: figures[2] === 0 ? undefined : figures,
    };
  }

  #look(path: string, row: number | undefined): LocalEntry | undefined {
    const host = path === "" ? this.#path : `${this.#path}/${path}`;
    const info = lstatIfExists(host);
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
      return { kind, sha: this.#index!.manifest.entries[row]!.sha, mode, uid, figures };
    }
    const sha = info.isFile ? this.#hash(host, info.size) : linkHash(host);
    const [, mtime = 0, ctime = 0] = figures;
    const old = ctime < this.#trustBefore && mtime < this.#trustBefore * 1000;
    if (old) this.#learnt++;
    return { kind, sha, mode, uid, figures: old ? figures : undefined };
  }

  #isKnown(row: number, figures: readonly number[]): boolean {
    const known = this.#index!.figures;
    const at = row * FIGURES;
    return this.#trustFigures && known[at + 2] !== 0 && figures[0] === known[at] &&
      figures[1] === known[at + 1] && figures[2] === known[at + 2] && figures[3] === known[at + 3];
  }

  #hash(host: string, size: number): string {
    this.#hashed++;
    this.#hashedBytes += size;
    return fileHash(host, size);
  }
}

function localKind(mode: number): LocalEntry["kind"] {
  const kind = kindOf(mode);
  return kind === "tree" ? "folder" : kind === "gitlink" ? "other" : kind;
}

function figuresOf(info: Deno.FileInfo): readonly number[] {
  return [
    info.size,
    info.mtime?.getTime() ?? 0,
    // What is finer than seconds in it is not to be relied on.
    Math.floor((info.ctime?.getTime() ?? 0) / 1000),
    info.ino ?? 0,
  ];
}
