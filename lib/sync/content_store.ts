import type { GitObject, ObjectStore } from "../github/pack_objects.ts";
import type { LocalTree } from "./local_tree.ts";
import type { ManifestTrees } from "./manifest.ts";

/** Contents beyond this are kept in the staging folder instead of memory (bytes). */
const IN_MEMORY = 48 * 1024 * 1024;

/**
 * Objects that were downloaded, by name, backed by what the machine has anyway: the files of the tree
 * and the folders of its manifest. So a thin pack finds its bases without any object cache.
 */
export class ContentStore implements ObjectStore {
  readonly #spill: string | undefined;
  readonly #local: LocalTree;
  readonly #trees: ManifestTrees | undefined;
  readonly #objects = new Map<string, GitObject>();
  readonly #spilled = new Set<string>();
  #size = 0;

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
    if (this.#objects.has(sha) || this.#spilled.has(sha)) return;
    if (object.kind === "blob") {
      if (this.#spill !== undefined && this.#size + object.data.length > IN_MEMORY) {
        Deno.writeFileSync(`${this.#spill}/${sha}`, object.data);
        this.#spilled.add(sha);
        return;
      }
      this.#size += object.data.length;
    }
    this.#objects.set(sha, object);
  }

  get(sha: string): GitObject | undefined {
    const object = this.#objects.get(sha);
    if (object) return object;
    if (this.#spilled.has(sha)) {
      return { kind: "blob", data: Deno.readFileSync(`${this.#spill}/${sha}`) };
    }
    const tree = this.#trees?.content(sha);
    if (tree) return { kind: "tree", data: tree };
    const data = this.#local.contentOf(sha);
    return data && { kind: "blob", data };
  }

  /** The object was received, or is a file of the tree as it is. */
  has(sha: string): boolean {
    return this.#objects.has(sha) || this.#spilled.has(sha) ||
      this.#local.contentOf(sha) !== undefined;
  }

  /** A received object of this kind. */
  received(sha: string, kind: GitObject["kind"]): Uint8Array | undefined {
    const object = this.#objects.get(sha);
    return object?.kind === kind ? object.data : undefined;
  }
}
