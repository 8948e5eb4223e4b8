import { Buffer } from "node:buffer";
import { Mode } from "../github/git_objects.ts";
import { objectHash } from "../machine/blob_hash.ts";
import { hostilePathProblem } from "../machine/hostile_path.ts";
import { Manifest } from "./manifest.ts";
import { digit, NAME_BYTES } from "./path_table.ts";
import { PathTableBuilder } from "./path_table_builder.ts";

/** A folder whose entries are still arriving. */
interface OpenFolder {
  /** -1 for the top. */
  readonly row: number;
  /** What the paths in it begin with. */
  readonly prefix: string;
  readonly names: Set<string>;
  /** Its tree object so far. */
  readonly items: Uint8Array[];
}

/**
 * The manifest of a commit from what an archive of it holds. git archive lists a commit in the order of
 * its trees, every folder before what is in it: so each tree object can be made again while the archive
 * arrives, and when the root's name is that of the commit, all of it is proven to be right and complete.
 * Where an archive leaves something out or changes it, it is not.
 */
export class ArchiveManifest {
  readonly #rows = new PathTableBuilder();
  readonly #open: OpenFolder[] = [open(-1, "")];
  #isWhole = true;

  /**
   * Whether it may still be the whole of a commit. Not so when it has an empty folder, which stands
   * for a submodule, or anything that no commit should have.
   */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /**
   * Adds the next entry.
   * @param sha the name of a file's or link's content; of a folder it is found out
   * @returns whether it may be written to disk
   */
  add(path: string, mode: number, sha: string): boolean {
    let folder = this.#open.at(-1)!;
    while (!path.startsWith(folder.prefix)) {
      this.#close();
      folder = this.#open.at(-1)!;
    }
    const name = path.slice(folder.prefix.length);
    if (name.includes("/") || folder.names.has(name) || hostilePathProblem(path) !== undefined) {
      this.#isWhole = false;
      return false;
    }
    folder.names.add(name);
    const row = this.#rows.count;
    this.#rows.append(path, mode, mode === Mode.Tree ? UNKNOWN : sha);
    if (mode === Mode.Tree) this.#open.push(open(row, path + "/"));
    else folder.items.push(item(mode, name, sha));
    return true;
  }

  /**
   * The manifest, when this was everything.
   * @param tree the commit's root tree
   * @returns undefined when it is not that of the commit
   */
  finish(commit: string, tree: string): Manifest | undefined {
    while (this.#open.length > 1) this.#close();
    const root = treeName(this.#open[0]!);
    return this.#isWhole && root === tree
      ? new Manifest(commit, tree, this.#rows.build())
      : undefined;
  }

  #close(): void {
    const folder = this.#open.pop()!;
    // Git knows no empty folders.
    if (folder.items.length === 0) this.#isWhole = false;
    const sha = treeName(folder);
    this.#rows.setName(folder.row, sha);
    const parent = this.#open.at(-1)!;
    const name = folder.prefix.slice(parent.prefix.length, -1);
    parent.items.push(item(Mode.Tree, name, sha));
  }
}

const UNKNOWN = "0".repeat(40);

function open(row: number, prefix: string): OpenFolder {
  return { row, prefix, names: new Set(), items: [] };
}

function treeName({ items }: OpenFolder): string {
  return objectHash("tree", Buffer.concat(items));
}

const encoder = new TextEncoder();

/** One entry of a tree object. */
function item(mode: number, name: string, sha: string): Uint8Array {
  const head = `${mode.toString(8)} ${name}\0`;
  // A UTF-16 unit is at most three bytes of UTF-8.
  const bytes = new Uint8Array(head.length * 3 + NAME_BYTES);
  let { written: at } = encoder.encodeInto(head, bytes);
  for (let i = 0; i < 2 * NAME_BYTES; i += 2) bytes[at++] = digit(sha, i) << 4 | digit(sha, i + 1);
  return bytes.subarray(0, at);
}
