import { encodeTree, Mode, type TreeItem } from "../../git/git_objects.ts";
import { objectHash } from "../../machine/tree/blob_hash.ts";

/** What trees of old repositories may have for a file (fsck.c of git); git shows it as 100644. */
const GROUP_WRITABLE = 0o100664;
/** Of a folder with more files, only all or one are tried: every further file doubles the work. */
const MOST_FILES = 14;
/** Trees that are made in all, so that no list keeps this busy. */
const MOST_TRIES = 50_000;

/**
 * Finds the tree objects of old repositories, where a list has their modes as git shows them: those that
 * have the tree's name, which proves them.
 */
export class OldModes {
  #tries = MOST_TRIES;

  /**
   * @param items of a folder, in their order
   * @param name of its tree
   * @returns the tree object of that name; that of the items as they are when none of them has it
   */
  encode(items: readonly TreeItem[], name: string): Uint8Array {
    for (const content of candidates(items)) {
      if (this.#tries <= 0) break;
      this.#tries--;
      if (objectHash("tree", content) === name) return content;
    }
    // Where one folder has something else, none above it can be made.
    this.#tries = 0;
    return encodeTree(items);
  }
}

/**
 * As it is; with the zero before the modes of folders that other programs than git have written
 * ("zeroPaddedFilemode" of git-fsck(1)); with the old mode of all files, and where they are few of each
 * others.
 */
function* candidates(items: readonly TreeItem[]): Generator<Uint8Array> {
  yield encodeTree(items);
  yield encodeTree(items, true);
  const files = items.flatMap(({ mode }, index) => mode === Mode.File ? [index] : []);
  const withOld = (old: readonly number[]) =>
    encodeTree(
      items.map((item, index) => old.includes(index) ? { ...item, mode: GROUP_WRITABLE } : item),
    );
  yield withOld(files);
  if (files.length > MOST_FILES) {
    for (const file of files) yield withOld([file]);
    return;
  }
  for (let bits = 1; bits < 2 ** files.length - 1; bits++) {
    yield withOld(files.filter((_, index) => (bits >> index) & 1));
  }
}
