import { objectHash } from "../machine/blob_hash.ts";
import { hostilePathError, hostilePathProblem } from "../machine/hostile_path.ts";
import { encodeTree, kindOf, Mode, parseTree, type TreeItem } from "../github/git_objects.ts";

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
export interface Manifest {
  readonly commit: string;
  /** The root tree's name. */
  readonly tree: string;
  readonly entries: readonly ManifestEntry[];
}

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
  const entries: ManifestEntry[] = [];
  const walk = (sha: string, prefix: string) => {
    const content = source(sha);
    if (content === undefined) {
      if (known?.copyBelow(sha, prefix, entries)) return;
      throw new MissingTree(sha);
    }
    const names = new Set<string>();
    for (const { name, mode, sha: of } of parseTree(content, sha)) {
      const path = prefix + name;
      if (name.includes("/")) throw hostilePathError(path, "has a slash in a name", "the commit");
      // Twice as a file, or as a file and a folder.
      if (names.has(name)) throw hostilePathError(path, "is there twice", "the commit");
      names.add(name);
      entries.push(checked(path, mode, of));
      if (kindOf(mode) === "tree") walk(of, path + "/");
    }
  };
  walk(tree, "");
  return { commit, tree, entries };
}

/** A tree object that was neither received nor known. */
export class MissingTree extends Error {
  override readonly name = "MissingTree";
  constructor(readonly sha: string) {
    super(`tree ${sha} is missing`);
  }
}

/**
 * The manifest of a flat list in any order, as the API gives it. Folders' own entries are computed:
 * when the resulting `tree` is the commit's, the list is proven to be complete and the commit's.
 * @throws ToolError exit 6 for a hostile path
 */
export function manifestFromList(commit: string, list: readonly ManifestEntry[]): Manifest {
  const folders = new Map<string, TreeItem[]>([["", []]]);
  const flat = list.filter(({ mode }) => kindOf(mode) !== "tree");
  for (const { path, mode, sha } of flat) {
    checked(path, mode, sha);
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(0, slash));
    addFolder(folders, parent);
    folders.get(parent)!.push({ name: path.slice(slash + 1), mode, sha });
  }
  refuseClashes([...flat.map(({ path }) => path), ...[...folders.keys()].filter(Boolean)]);
  const objects = new Map<string, Uint8Array>();
  const build = (path: string): string => {
    const items = folders.get(path)!.map((item) =>
      kindOf(item.mode) === "tree"
        ? { ...item, sha: build(path === "" ? item.name : `${path}/${item.name}`) }
        : item
    ).sort((a, b) => compareBytes(sortKey(a), sortKey(b)));
    const content = encodeTree(items);
    const sha = objectHash("tree", content);
    objects.set(sha, content);
    return sha;
  };
  return manifestFromTrees(commit, build(""), (sha) => objects.get(sha));
}

/** Tree objects made again from a manifest, by name. */
export class ManifestTrees {
  readonly #manifest: Manifest;
  /** Where a tree's own content begins. */
  #places: Map<string, number> | undefined;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  /** Gets ready to be asked: the one step that takes time. */
  prepare(): void {
    this.#places ??= this.#findTrees();
  }

  #findTrees(): Map<string, number> {
    const places = new Map([[this.#manifest.tree, 0]]);
    this.#manifest.entries.forEach(({ mode, sha }, index) => {
      if (mode === Mode.Tree && !places.has(sha)) places.set(sha, index + 1);
    });
    return places;
  }

  /**
   * Appends everything below a tree to a list, with `prefix` before the paths; entries whose path stays
   * the same are appended themselves, not copies. Returns false for an unknown tree.
   */
  copyBelow(sha: string, prefix: string, list: ManifestEntry[]): boolean {
    this.prepare();
    const start = this.#places?.get(sha);
    if (start === undefined) return false;
    const { entries } = this.#manifest;
    const old = start === 0 ? "" : entries[start - 1]!.path + "/";
    for (let i = start; i < entries.length; i++) {
      const entry = entries[i]!;
      if (!entry.path.startsWith(old)) break;
      list.push(prefix === old ? entry : { ...entry, path: prefix + entry.path.slice(old.length) });
    }
    return true;
  }

  /** The tree object itself. */
  content(sha: string): Uint8Array | undefined {
    const below: ManifestEntry[] = [];
    if (!this.copyBelow(sha, "", below)) return undefined;
    const items = below.filter(({ path }) => !path.includes("/"));
    return encodeTree(items.map(({ path, mode, sha }) => ({ name: path, mode, sha })));
  }
}

function checked(path: string, mode: number, sha: string): ManifestEntry {
  const problem = hostilePathProblem(path);
  if (problem) throw hostilePathError(path, problem, "the commit");
  kindOf(mode);
  return { path, mode, sha };
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
