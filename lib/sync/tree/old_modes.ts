import { encodeTree, Mode, type TreeItem } from "../../git/git_objects.ts";
import { objectHash } from "../../machine/tree/blob_hash.ts";

/** What trees of old repositories may have for a file (fsck.c of git); git shows it as 100644. */
const GROUP_WRITABLE = 0o100664;
/** Of a folder with more files, only all or one are tried: every further file doubles the work. */
const MOST_FILES = 10;
/** Trees that are made in all, so that no list keeps this busy. */
const MOST_TRIES = 50_000;

/**
 * Finds the modes that a tree really has, where a list has them as git shows them: those that make the
 * tree's name, which proves them.
 */
export class OldModes {
  #tries = MOST_TRIES;

  /**
   * @param items of a folder, in their order
   * @param name of its tree
   * @returns the items with their modes; as they are when no modes make this tree
   */
  restore(items: readonly TreeItem[], name: string): readonly TreeItem[] {
    const files = items.flatMap(({ mode }, index) => mode === Mode.File ? [index] : []);
    for (const old of candidates(files)) {
      if (this.#tries <= 0) return items;
      this.#tries--;
      const tried = items.map((item, index) =>
        old.has(index) ? { ...item, mode: GROUP_WRITABLE } : item
      );
      if (objectHash("tree", encodeTree(tried)) === name) return tried;
    }
    // Where one folder has something else, none above it can be made.
    this.#tries = 0;
    return items;
  }
}

/** Sets of files that may have the old mode: none, all, and where they are few each other one. */
function* candidates(files: readonly number[]): Generator<ReadonlySet<number>> {
  yield new Set();
  yield new Set(files);
  if (files.length > MOST_FILES) {
    for (const file of files) yield new Set([file]);
    return;
  }
  for (let bits = 1; bits < 2 ** files.length - 1; bits++) {
    yield new Set(files.filter((_, index) => (bits >> index) & 1));
  }
}
