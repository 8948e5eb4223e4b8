import type { GitObject, ObjectStore } from "../github/pack_objects.ts";
import type { LocalTree } from "./local_tree.ts";
import type { ManifestTrees } from "./manifest.ts";

/** Contents beyond this are kept in the staging folder instead of memory (bytes). */
const IN_MEMORY = 48 * 1024 * 1024;
/** The same, when all of them are written as they arrive. */
const IN_MEMORY_TOO = 16 * 1024 * 1024;

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
  #size = 0;

  /**
   * Set when everything is wanted: contents are then written as they arrive, while the network is waited
   * for, and only have to be moved to their places afterwards.
   */
  writeOnArrival = false;

  /**
   * @param spill an existing folder for what does not fit into memory
   * @param trees of the base manifest
   */
  constructor(local: LocalTree, trees: ManifestTrees | undefined, spill: string | undefined) {
    this.#local = local;
    this.#trees = trees;
    this.#spill = spill;
  }

  put(sha: string, object: GitObject): void {
    if (this.#objects.has(sha) || this.#files.has(sha)) return;
    if (object.kind === "blob" && this.#spill !== undefined) {
      const { length } = object.data;
      const fits = this.#size + length <= (this.writeOnArrival ? IN_MEMORY_TOO : IN_MEMORY);
      if (this.writeOnArrival || !fits) {
        const path = `${this.#spill}/${sha}`;
        Deno.writeFileSync(path, object.data);
        this.#files.set(sha, path);
      }
      if (!fits) return;
      this.#size += length;
    }
    this.#objects.set(sha, object);
  }

  /**
   * Moves a content that is on disk to its place, if it was not moved to another one before.
   * @returns whether it did
   */
  moveTo(sha: string, path: string): boolean {
    const from = this.#files.get(sha);
    if (from !== `${this.#spill}/${sha}`) return false;
    Deno.renameSync(from, path);
    this.#files.set(sha, path);
    return true;
  }

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
