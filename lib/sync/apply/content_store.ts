import { beyondBound, Bounds } from "../../git/bounds.ts";
import type { GitObject, ObjectStore } from "../../git/pack_objects.ts";
import { parentOf } from "../../machine/files/files.ts";
import type { Arrival } from "./arrival.ts";
import { DiskRoom } from "./disk_room.ts";
import type { LocalTree } from "../tree/local_tree.ts";
import type { Manifest } from "../tree/manifest.ts";
import type { ManifestTrees } from "../tree/manifest_trees.ts";

/** Contents beyond this are kept in the staging folder instead of memory (bytes). */
const IN_MEMORY = 48 * 1024 * 1024;
/** The same, when they are written as they arrive. */
const IN_MEMORY_TOO = 4 * 1024 * 1024;

/**
 * Objects that were downloaded, by name, backed by what the machine has anyway: the files of the tree
 * and the folders of its manifest. So a thin pack finds its bases without any object cache.
 */
export class ContentStore implements ObjectStore {
  readonly #spill: string | undefined;
  readonly #local: LocalTree;
  readonly #trees: ManifestTrees | undefined;
  readonly #objects = new Map<string, GitObject>();
  /** Host paths of contents on disk. */
  readonly #files = new Map<string, string>();
  readonly #lengths = new Map<string, number>();
  readonly #room: DiskRoom | undefined;
  #size = 0;
  #blobBytes = 0;
  #otherBytes = 0;

  /** Writes files as they arrive, when everything is wanted. */
  arrival: Arrival | undefined;

  /**
   * @param spill a folder for what does not fit into memory; made when it is needed
   * @param trees of the base manifest
   */
  constructor(local: LocalTree, trees: ManifestTrees | undefined, spill: string | undefined) {
    this.#local = local;
    this.#trees = trees;
    this.#spill = spill;
    this.#room = spill === undefined ? undefined : new DiskRoom(parentOf(spill));
  }

  /** @param isBase whether others may be built on it: then it is kept at hand, also when it is in a file */
  put(sha: string, object: GitObject, isBase = true): void {
    if (this.#objects.has(sha) || this.#files.has(sha)) return;
    this.#bound(sha, object);
    const path = this.arrival?.take(sha, object);
    if (path !== undefined) this.#files.set(sha, path);
    if (object.kind === "blob") {
      const { length } = object.data;
      const fits = path === undefined
        ? this.#size + length <= IN_MEMORY
        : isBase && this.#size + length <= IN_MEMORY_TOO;
      // Without a folder for it, nobody has asked for so much.
      if (!fits && path === undefined && this.#spill !== undefined) {
        this.#files.set(sha, spilled(this.#spill, sha, object.data));
      }
      if (!fits) return;
      this.#size += length;
    }
    this.#objects.set(sha, object);
  }

  /** Refuses what would fill the memory or the disk. */
  #bound(sha: string, { kind, data }: GitObject): void {
    if (kind === "blob") {
      this.#lengths.set(sha, data.length);
      this.#blobBytes += data.length;
      if (this.#blobBytes > Bounds.bytes) throw beyondBound("the files are more than 2 GB in all");
      if (this.#room !== undefined) this.#room.use(data.length);
      return;
    }
    this.#otherBytes += data.length;
    const tooLarge = data.length > Bounds.tree || this.#otherBytes > Bounds.memory;
    if (tooLarge) throw beyondBound("the folders of the commit are far too large");
  }

  /** The paths of the commit are known: what was written elsewhere is taken back, what is missing expected. */
  settle(manifest: Manifest): void {
    if (this.arrival === undefined) return;
    for (const sha of this.arrival.withdraw(manifest)) this.#files.delete(sha);
    this.arrival.expect(manifest.entries.filter(({ sha }) => !this.#files.has(sha)));
  }

  /**
   * Puts a content that is on disk already into its place, if that costs no copy.
   * @returns whether it is there now, with these permissions
   */
  moveTo(sha: string, path: string, mode: number): boolean {
    const from = this.#files.get(sha);
    if (from === path) return true;
    if (from === undefined || from !== spillPath(this.#spill, sha)) return false;
    Deno.renameSync(from, path);
    Deno.chmodSync(path, mode);
    this.#files.set(sha, path);
    return true;
  }

  /** The object of a name, read where a file has it; undefined when it is nowhere. */
  get(sha: string): GitObject | undefined {
    const object = this.#objects.get(sha);
    if (object) return object;
    const file = this.#files.get(sha);
    if (file !== undefined) return { kind: "blob", data: Deno.readFileSync(file) };
    const tree = this.#trees?.content(sha);
    if (tree) return { kind: "tree", data: tree };
    const data = this.#local.contentOf(sha);
    return data && { kind: "blob", data };
  }

  /** The length of a content that was received, or 0. */
  sizeOf(sha: string): number {
    return this.#lengths.get(sha) ?? 0;
  }

  /** The object was received, or is a file of the tree as it is. */
  has(sha: string): boolean {
    return this.#objects.has(sha) || this.#files.has(sha) ||
      this.#local.contentOf(sha) !== undefined;
  }

  /** A received object of this kind. */
  received(sha: string, kind: GitObject["kind"]): Uint8Array | undefined {
    const object = this.#objects.get(sha);
    return object?.kind === kind ? object.data : undefined;
  }
}

function spillPath(folder: string | undefined, sha: string): string {
  return `${folder}/${sha}`;
}

function spilled(folder: string, sha: string, content: Uint8Array): string {
  const path = spillPath(folder, sha);
  try {
    Deno.writeFileSync(path, content);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(folder);
    Deno.writeFileSync(path, content);
  }
  return path;
}
