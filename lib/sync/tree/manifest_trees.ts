import { beyondBound, Bounds } from "../../git/bounds.ts";
import { concat } from "../../git/bytes.ts";
import { TransferError } from "../../git/transfer_error.ts";
import { objectHash } from "../../machine/tree/blob_hash.ts";
import { hostilePathError, hostilePathProblem } from "../../machine/tree/hostile_path.ts";
import { encodeTree, kindOf, Mode, parseTree, type TreeItem } from "../../git/git_objects.ts";
import { addCopied, type CopiedRows, KnownFolder } from "./copied_rows.ts";
import { OldModes } from "./old_modes.ts";
import { Manifest, type ManifestEntry } from "./manifest.ts";
import { NAME_BYTES, type PathTable } from "./path_table.ts";
import { PathTableBuilder } from "./path_table_builder.ts";

/** Looks up what a tree holds: the content of its object, or undefined when that is not known. */
export type TreeSource = (sha: string) => Uint8Array | undefined;

/**
 * The manifest of a commit from tree objects; folders that a known manifest has too are taken from there.
 * @throws ToolError exit 6 for a hostile path, {@link MissingTree} when an object is nowhere
 */
export function manifestFromTrees(
  commit: string,
  tree: string,
  source: TreeSource,
  known?: ManifestTrees,
): Manifest {
  const rows = new PathTableBuilder();
  const copied: CopiedRows[] = [];
  const walk = (
    content: Uint8Array,
    sha: string,
    prefix: string,
    like: KnownFolder | undefined,
  ) => {
    const names = new Set<string>();
    for (let at = 0; at < content.length;) {
      if (like && known) {
        const same = like.skip(content, at);
        known.copyRows(same.first, same.end, rows, copied);
        at = same.at;
        if (at === content.length) break;
      }
      const end = like ? endOfItem(content, at) : content.length;
      for (const { name, mode, sha: of } of parseTree(content.subarray(at, end), sha)) {
        const path = prefix + name;
        if (name.includes("/")) throw hostilePathError(path, "has a slash in a name", "the commit");
        // Twice as a file, or as a file and a folder.
        if (names.has(name)) throw hostilePathError(path, "is there twice", "the commit");
        names.add(name);
        refuseHostile(path);
        rows.append(path, mode, of);
        const isFolder = kindOf(mode) === "tree";
        const row = like?.find(path, isFolder);
        if (!isFolder) continue;
        const below = source(of);
        if (below !== undefined) {
          walk(below, of, path + "/", row === undefined ? undefined : known?.folder(row));
        } else if (!known?.copyBelow(of, path + "/", row, rows, copied)) throw new MissingTree(of);
      }
      at = end;
    }
  };
  const content = source(tree);
  if (content !== undefined) walk(content, tree, "", known?.folder(-1));
  else if (!known?.copyBelow(tree, "", -1, rows, copied)) throw new MissingTree(tree);
  return new Manifest(commit, tree, rows.build(), copied);
}

/** A tree object that was neither received nor known. */
export class MissingTree extends TransferError {
  constructor(readonly sha: string) {
    super("damaged", `tree ${sha} is missing`);
  }
}

/** Git makes none, but servers and scripts do. */
const EMPTY_TREE = objectHash("tree", new Uint8Array());

/** Stands for the commit of a tree that was never synced: what its files are is all that is known. */
export const UNKNOWN_COMMIT = "unknown";

/**
 * The manifest of a flat list in any order, as the API gives it. Folders' own entries are computed,
 * but for those in which nothing is:
 * when the resulting `tree` is the commit's, the list is proven to be complete and the commit's.
 * @param tree the commit's; given where the list has modes as git shows them, which those of old
 *   repositories are not. Folders' names in the list tell then which are meant
 * @throws ToolError exit 6 for a hostile path
 */
export function manifestFromList(
  commit: string,
  list: readonly ManifestEntry[],
  tree?: string,
): Manifest {
  const folders = new Map<string, TreeItem[]>([["", []]]);
  if (list.length > Bounds.entries) throw beyondBound("the commit has far too many paths");
  const flat = list.filter(({ mode }) => kindOf(mode) !== "tree");
  for (const { path, mode, sha } of flat) {
    refuseHostile(path);
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(0, slash));
    addFolder(folders, parent);
    folders.get(parent)!.push({ name: path.slice(slash + 1), mode, sha });
  }
  for (const { path, mode, sha } of list) {
    if (kindOf(mode) !== "tree" || sha !== EMPTY_TREE) continue;
    refuseHostile(path);
    addFolder(folders, path);
  }
  refuseClashes([...flat.map(({ path }) => path), ...[...folders.keys()].filter(Boolean)]);
  const objects = new Map<string, Uint8Array>();
  const names = new Map(
    tree === undefined ? [] : list.filter(({ mode }) => kindOf(mode) === "tree")
      .map(({ path, sha }) => [path, sha]),
  );
  if (tree !== undefined) names.set("", tree);
  const oldModes = new OldModes();
  const build = (path: string): string => {
    const shown = folders.get(path)!.map((item) =>
      kindOf(item.mode) === "tree"
        ? { ...item, sha: build(path === "" ? item.name : `${path}/${item.name}`) }
        : item
    ).sort((a, b) => compareBytes(sortKey(a), sortKey(b)));
    const name = names.get(path);
    const content = name === undefined ? encodeTree(shown) : oldModes.encode(shown, name);
    const sha = objectHash("tree", content);
    objects.set(sha, content);
    return sha;
  };
  return manifestFromTrees(commit, build(""), (sha) => objects.get(sha));
}

/** Tree objects made again from a manifest, by name. */
export class ManifestTrees {
  readonly #manifest: Manifest;
  readonly #table: PathTable;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.#table = manifest.table;
  }

  /** A folder of the manifest, to find its paths one after the other. */
  folder(row: number): KnownFolder {
    return new KnownFolder(this.#table, row);
  }

  /** Appends rows as they are, and notes that. */
  copyRows(first: number, end: number, rows: PathTableBuilder, copied: CopiedRows[]): void {
    if (end === first) return;
    addCopied(copied, { from: this.#table, first, at: rows.count, count: end - first });
    rows.appendRows(this.#table, first, end, 0, "");
  }

  /**
   * Appends everything below a tree, with `prefix` before the paths. Returns false for an unknown tree.
   * @throws ToolError exit 6 for a path that is hostile there: too long, or too deep
   * @param row where it is likely to be
   * @param copied gets told of rows whose paths stay the same
   */
  copyBelow(
    sha: string,
    prefix: string,
    row: number | undefined,
    rows: PathTableBuilder,
    copied: CopiedRows[],
  ): boolean {
    const folder = this.#find(sha, row);
    if (folder === undefined) return false;
    const old = folder < 0 ? "" : this.#table.path(folder) + "/";
    const [first, end] = this.#below(folder);
    if (old === prefix) this.copyRows(first, end, rows, copied);
    else {
      // What fitted where it was need not fit here.
      for (let at = first; at < end; at++) {
        refuseHostile(prefix + this.#table.path(at).slice(old.length));
      }
      const cut = new TextEncoder().encode(old).length;
      rows.appendRows(this.#table, first, end, cut, prefix);
    }
    return true;
  }

  /** The tree object itself; undefined also where it has modes in a form that no git of today writes. */
  content(sha: string): Uint8Array | undefined {
    const folder = this.#find(sha, undefined);
    if (folder === undefined) return undefined;
    const { modes, names, starts, paths } = this.#table.columns;
    // As long as the slash that goes on is the zero byte that ends a path.
    const prefix = folder < 0 ? 0 : starts[folder + 1]! - starts[folder]!;
    const parts: Uint8Array[] = [];
    const [first, end] = this.#below(folder);
    for (let row = first; row < end; row = this.#table.endOf(row)) {
      parts.push(
        modeText(modes[row]!),
        paths.subarray(starts[row]! + prefix, starts[row + 1]),
        names.subarray(row * NAME_BYTES, (row + 1) * NAME_BYTES),
      );
    }
    const content = concat(parts);
    return objectHash("tree", content) === sha ? content : undefined;
  }

  #find(sha: string, row: number | undefined): number | undefined {
    const isIt = (row: number) =>
      row < 0 ? sha === this.#manifest.tree : this.#table.hasName(row, sha);
    if (row !== undefined && isIt(row)) return row;
    if (sha === this.#manifest.tree) return -1;
    return this.#table.rowsOf(sha).find((row) => this.#table.isFolder(row));
  }

  #below(folder: number): [first: number, end: number] {
    return folder < 0 ? [0, this.#table.count] : [folder + 1, this.#table.endOf(folder)];
  }
}

/** A mode as tree objects have it: in octal digits, with the space behind it. */
function modeText(mode: number): Uint8Array {
  let text = MODE_TEXTS.get(mode);
  if (text === undefined) {
    text = new TextEncoder().encode(`${mode.toString(8)} `);
    MODE_TEXTS.set(mode, text);
  }
  return text;
}

const MODE_TEXTS = new Map<number, Uint8Array>();

/** Where the entry of a tree object ends that begins there. */
function endOfItem(content: Uint8Array, at: number): number {
  const zero = content.indexOf(0, at);
  return zero < 0 ? content.length : Math.min(zero + 1 + NAME_BYTES, content.length);
}

function refuseHostile(path: string): void {
  const problem = hostilePathProblem(path);
  if (problem) throw hostilePathError(path, problem, "the commit");
}

/** A path that is there twice, also once as a file and once as a folder. */
function refuseClashes(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) throw hostilePathError(path, "is there twice", "the commit");
    seen.add(path);
  }
}

function addFolder(folders: Map<string, TreeItem[]>, path: string): void {
  if (folders.has(path)) return;
  if (folders.size >= Bounds.entries) throw beyondBound("the commit has far too many folders");
  folders.set(path, []);
  const slash = path.lastIndexOf("/");
  const parent = path.slice(0, Math.max(0, slash));
  addFolder(folders, parent);
  folders.get(parent)!.push({ name: path.slice(slash + 1), mode: Mode.Tree, sha: "" });
}

/** Git sorts the names of a tree by their bytes, folders as if they ended with a slash. */
function sortKey({ name, mode }: TreeItem): string {
  return kindOf(mode) === "tree" ? `${name}/` : name;
}

function compareBytes(a: string, b: string): number {
  // UTF-16 order differs from that of UTF-8 only above the surrogates; code points settle it.
  if (a === b) return 0;
  for (let i = 0;; i++) {
    const x = a.codePointAt(i) ?? -1;
    const y = b.codePointAt(i) ?? -1;
    if (x !== y) return x - y;
    if (x > 0xffff) i++;
  }
}
