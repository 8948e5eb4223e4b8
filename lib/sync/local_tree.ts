import { setImmediate } from "node:timers/promises";
import { kindOf } from "../github/git_objects.ts";
import { blobHash, fileHash, linkHash } from "../machine/blob_hash.ts";
import { lstatIfExists } from "../machine/files.ts";
import { isExcluded } from "./exclusions.ts";
import type { FileStat, LocalIndex } from "./index_file.ts";

/** What is at a path of the tree. */
export interface LocalEntry {
  readonly kind: "file" | "symlink" | "folder" | "other";
  /** The blob name of a file's or symlink's content. */
  readonly sha: string | undefined;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  /** Bytes. */
  readonly size: number;
  /** To be put in the index; undefined when it must be read again next time. */
  readonly stat: FileStat | undefined;
}

/** Work that is done between two looks at the network: this many paths, or so many bytes hashed. */
const SLICE_PATHS = 1500;
const SLICE_BYTES = 2 * 1024 * 1024;

/**
 * The tree as it is on disk, looked at once. Links in folders' places are seen as links, and nothing
 * behind them is looked at.
 */
export class LocalTree {
  readonly #path: string;
  readonly #trustBefore: number;
  readonly #known = new Map<
    string,
    { readonly sha: string; readonly stat: FileStat | undefined }
  >();
  readonly #seen = new Map<string, LocalEntry | undefined>();
  #bySha: Map<string, string> | undefined;
  #paths = 0;
  #hashed = 0;
  #learnt = 0;
  #hashedBytes = 0;

  /**
   * @param path the tree's host path
   * @param index what was known before; without one everything is read
   * @param trustBefore the second by the file system's clock: files changed in it or later are not
   *   remembered as unchanged
   */
  constructor(path: string, index: LocalIndex | undefined, trustBefore: number) {
    this.#path = path;
    this.#trustBefore = trustBefore;
    index?.manifest.entries.forEach((entry, i) => {
      const kind = kindOf(entry.mode);
      if (kind !== "file" && kind !== "symlink") return;
      this.#known.set(entry.path, { sha: entry.sha, stat: index.stats[i] });
    });
  }

  /** Files of which the index did not know, but may remember from now on, that they are unchanged. */
  get learnt(): number {
    return this.#learnt;
  }

  /** Files whose content was read. */
  get hashed(): number {
    return this.#hashed;
  }

  /** Bytes of those. */
  get hashedBytes(): number {
    return this.#hashedBytes;
  }

  /** Looks at all paths of an index, leaving the network a moment now and then. */
  async scan(index: LocalIndex): Promise<void> {
    let gone: string | undefined;
    let paths = 0;
    let bytes = this.#hashedBytes;
    for (const { path, mode } of index.manifest.entries) {
      if (gone !== undefined && path.startsWith(gone)) continue;
      const kind = kindOf(mode);
      if (kind === "gitlink" || isExcluded(path)) continue;
      const entry = this.at(path);
      gone = kind === "tree" && entry?.kind !== "folder" ? path + "/" : undefined;
      if (++paths % SLICE_PATHS === 0 || this.#hashedBytes - bytes > SLICE_BYTES) {
        bytes = this.#hashedBytes;
        await setImmediate();
      }
    }
  }

  /** What is at a path whose parents are real folders. */
  at(path: string): LocalEntry | undefined {
    if (this.#seen.has(path)) return this.#seen.get(path);
    const entry = this.#look(path);
    this.#seen.set(path, entry);
    return entry;
  }

  /**
   * The content of a file here that has this name; undefined when there is none. The content is
   * verified: what was changed since it was looked at is not given.
   */
  contentOf(sha: string): Uint8Array | undefined {
    this.#bySha ??= this.#pathsBySha();
    const path = this.#bySha.get(sha);
    if (path === undefined) return undefined;
    const host = `${this.#path}/${path}`;
    const entry = this.at(path);
    if (entry?.sha !== sha) return undefined;
    const content = entry.kind === "symlink"
      ? new TextEncoder().encode(Deno.readLinkSync(host))
      : Deno.readFileSync(host);
    return blobHash(content) === sha ? content : undefined;
  }

  #pathsBySha(): Map<string, string> {
    const paths = new Map<string, string>();
    for (const [path, { sha }] of this.#known) paths.set(sha, path);
    for (const [path, entry] of this.#seen) if (entry?.sha) paths.set(entry.sha, path);
    return paths;
  }

  /** The number of paths looked at. */
  get checked(): number {
    return this.#paths;
  }

  #look(path: string): LocalEntry | undefined {
    const host = path === "" ? this.#path : `${this.#path}/${path}`;
    const info = lstatIfExists(host);
    if (info === undefined) return undefined;
    const about = { mode: (info.mode ?? 0) & 0o7777, uid: info.uid ?? 0, size: info.size };
    if (info.isDirectory) return { kind: "folder", sha: undefined, stat: undefined, ...about };
    if (!info.isFile && !info.isSymlink) {
      return { kind: "other", sha: undefined, stat: undefined, ...about };
    }
    this.#paths++;
    const kind = info.isFile ? "file" : "symlink";
    const stat = statOf(info);
    const known = this.#known.get(path);
    if (known?.stat !== undefined && sameStat(known.stat, stat)) {
      return { kind, sha: known.sha, stat, ...about };
    }
    const sha = info.isFile ? this.#hash(host, info.size) : linkHash(host);
    const old = stat.ctime < this.#trustBefore && stat.mtime < this.#trustBefore * 1000;
    if (old) this.#learnt++;
    return { kind, sha, stat: old ? stat : undefined, ...about };
  }

  #hash(host: string, size: number): string | undefined {
    this.#hashed++;
    this.#hashedBytes += size;
    return fileHash(host, size);
  }
}

function statOf(info: Deno.FileInfo): FileStat {
  return {
    size: info.size,
    mtime: info.mtime?.getTime() ?? 0,
    // What is finer than seconds in it is not to be relied on.
    ctime: Math.floor((info.ctime?.getTime() ?? 0) / 1000),
    inode: info.ino ?? 0,
  };
}

function sameStat(a: FileStat, b: FileStat): boolean {
  return a.size === b.size && a.mtime === b.mtime && a.ctime === b.ctime && a.inode === b.inode;
}
