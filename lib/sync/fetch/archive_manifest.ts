import { concat } from "../../git/bytes.ts";
import { encodeItem, Mode, parseTree } from "../../git/git_objects.ts";
import { objectHash } from "../../machine/tree/blob_hash.ts";
import { hostilePathProblem } from "../../machine/tree/hostile_path.ts";
import { Manifest } from "../tree/manifest.ts";
import { PathTableBuilder } from "../tree/path_table_builder.ts";

/** A folder whose entries are still arriving. */
interface OpenFolder {
  /** -1 for the top. */
  readonly row: number;
  /** What the paths in it begin with. */
  readonly prefix: string;
  readonly names: Set<string>;
  /** Its tree object so far. */
  readonly items: Uint8Array[];
  /** Names in it that are not known yet: of submodules, and of the folders that have them. */
  readonly gaps: Gap[];
}

/** An item of a folder that cannot be known from the archive. */
interface Gap {
  readonly name: string;
  /** In the items. */
  readonly at: number;
  readonly folder: OpenFolder;
}

/** Gives a tree object of the commit that is not in the archive. */
type TreeSource = (sha: string) => Promise<Uint8Array>;

/** So many folders are asked for one by one because of the submodules in them. */
const MOST_ASKED = 8;

/**
 * The manifest of a commit from what an archive of it holds. git archive lists a commit in the order of
 * its trees, every folder before what is in it: so each tree object can be made again while the archive
 * arrives, and when the root's name is that of the commit, all of it is proven to be right and complete.
 * Where an archive leaves something out or changes it, it is not. Of a submodule an archive has an empty
 * folder: which commit it is, the folder that holds it says, which is asked for.
 */
export class ArchiveManifest {
  readonly #rows = new PathTableBuilder();
  readonly #open: OpenFolder[] = [open(-1, "")];
  /** Whether it may still be the whole of a commit. Not so when it has anything that no commit should have. */
  isWhole = true;

  /** Folders that have submodules, and those above them. */
  #incomplete = 0;

  /** Whether there was a folder with nothing in it, which stands for a submodule. */
  get hasGaps(): boolean {
    return this.#incomplete > 0;
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
      this.isWhole = false;
      return false;
    }
    folder.names.add(name);
    const row = this.#rows.count;
    this.#rows.append(path, mode, mode === Mode.Tree ? UNKNOWN : sha);
    if (mode === Mode.Tree) this.#open.push(open(row, path + "/"));
    else folder.items.push(encodeItem({ mode, name, sha }));
    return true;
  }

  /**
   * The manifest, when this was everything.
   * @param tree the commit's root tree
   * @param source asked for the folders that have submodules, and those above them
   * @returns undefined when it is not that of the commit
   */
  async finish(commit: string, tree: string, source: TreeSource): Promise<Manifest | undefined> {
    while (this.#open.length > 1) this.#close();
    const [root] = this.#open;
    if (this.#incomplete > MOST_ASKED) this.isWhole = false;
    if (!this.isWhole || !await this.#fill(root!, tree, source)) return undefined;
    return treeName(root!) === tree ? new Manifest(commit, tree, this.#rows.build()) : undefined;
  }

  /**
   * Fills in what the archive does not say.
   * @param sha the folder's name in the commit
   */
  async #fill(folder: OpenFolder, sha: string, source: TreeSource): Promise<boolean> {
    if (folder.gaps.length === 0) return true;
    const items = new Map(parseTree(await source(sha), sha).map((item) => [item.name, item]));
    for (const { name, at, folder: below } of folder.gaps) {
      const found = items.get(name);
      const isModule = below.names.size === 0;
      if (found?.mode !== (isModule ? Mode.Gitlink : Mode.Tree)) return false;
      if (!isModule && !await this.#fill(below, found.sha, source)) return false;
      const known = isModule ? found.sha : treeName(below);
      this.#rows.setName(below.row, known);
      if (isModule) this.#rows.setMode(below.row, Mode.Gitlink);
      folder.items[at] = encodeItem({ ...found, sha: known });
    }
    return true;
  }

  #close(): void {
    const folder = this.#open.pop()!;
    const parent = this.#open.at(-1)!;
    const name = folder.prefix.slice(parent.prefix.length, -1);
    // Git knows no empty folders.
    if (folder.names.size === 0 || folder.gaps.length > 0) {
      if (parent.gaps.length === 0) this.#incomplete++;
      parent.gaps.push({ name, at: parent.items.length, folder });
      parent.items.push(NOTHING);
      return;
    }
    const sha = treeName(folder);
    this.#rows.setName(folder.row, sha);
    parent.items.push(encodeItem({ mode: Mode.Tree, name, sha }));
  }
}

const UNKNOWN = "0".repeat(40);
const NOTHING = new Uint8Array(0);

function open(row: number, prefix: string): OpenFolder {
  return { row, prefix, names: new Set(), items: [], gaps: [] };
}

function treeName({ items }: OpenFolder): string {
  return objectHash("tree", concat(items));
}
