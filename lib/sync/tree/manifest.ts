import { Mode } from "../../git/git_objects.ts";
import type { CopiedRows } from "./copied_rows.ts";
import type { PathTable } from "./path_table.ts";

/** One path of a commit: file, symlink, gitlink or folder. */
export interface ManifestEntry {
  readonly path: string;
  /** As in the tree object; see `kindOf` and `isExecutable`. */
  readonly mode: number;
  /** The blob's, tree's or (gitlink) commit's name. */
  readonly sha: string;
}

/**
 * All paths of a commit in Git's order, every folder directly before what it holds. Complete: what is
 * excluded from syncing is in it too, so that every tree object can be made again from it.
 */
export class Manifest {
  #entries: readonly ManifestEntry[] | undefined;

  /**
   * @param commit its name
   * @param tree the root tree's name
   * @param copied which rows are those of another manifest, without any difference
   */
  constructor(
    readonly commit: string,
    readonly tree: string,
    readonly table: PathTable,
    readonly copied: readonly CopiedRows[] = [],
  ) {}

  /** The rows as objects: made when they are asked for, which takes a while for many. */
  get entries(): readonly ManifestEntry[] {
    this.#entries ??= Array.from({ length: this.table.count }, (_, row) => this.table.entry(row));
    return this.#entries;
  }

  /** Whether something is at a path: a submodule is nothing, because nothing of it is synced. */
  has(path: string): boolean {
    const row = this.table.rowOf(path);
    return row !== undefined && this.table.mode(row) !== Mode.Gitlink;
  }
}
