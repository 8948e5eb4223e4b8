import { fileHash, linkHash } from "../../lib/machine/tree/blob_hash.ts";
import type { HistoryCommit } from "./history.ts";
import {
  compareListings,
  expectedTree,
  foldersOf,
  type Listing,
  readTree,
  type TreeOnDisk,
} from "./tree_listing.ts";
import type { Trial } from "./trial.ts";

const NO_TREE: TreeOnDisk = { files: new Map(), folders: new Map() };

/** A machine whose source tree is followed through a case. */
export class SyncedTree {
  constructor(
    readonly trial: Trial,
    readonly history: { readonly commits: readonly HistoryCommit[] },
  ) {}

  get top(): string {
    return this.trial.host("/etc/hypervisor/src");
  }

  /** What is there now. */
  read(): TreeOnDisk {
    return readTree(this.top) ?? NO_TREE;
  }

  /** The commit that the state names. */
  get commit(): HistoryCommit | undefined {
    try {
      const text = Deno.readTextFileSync(this.trial.host("/var/lib/hyper-nixos/sync/state.json"));
      const { commit } = JSON.parse(text);
      const found = this.history.commits.find(({ sha }) => sha === commit);
      if (!found) this.trial.add([`the state names commit ${commit}, which was never asked for`]);
      return found;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Backups of replaced edits, by name. */
  get backups(): Set<string> {
    try {
      const folder = this.trial.host("/var/lib/hyper-nixos/backups");
      return new Set([...Deno.readDirSync(folder)].map(({ name }) => name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new Set();
      throw error;
    }
  }

  /** What must be known before a run to judge it afterwards. */
  look(): Before {
    const indexed = exists(this.trial.host("/var/lib/hyper-nixos/sync/index"));
    return { tree: this.read(), commit: this.commit, backups: this.backups, indexed };
  }

  /**
   * Judges a tree that nothing works on and that was brought in order: it is what it was, or what the
   * sync to the commit in the state must have made of it.
   * @returns whether it was changed
   */
  judge(before: Before): boolean {
    const { trial } = this;
    const now = this.read();
    const { commit } = this;
    const target = commit?.listing;
    const expected = target && expectedTree(before.tree.files, before.commit?.listing, target);
    const same = compareListings(now.files, before.tree.files);
    const done = expected ? compareListings(now.files, expected.files) : ["no commit"];
    const unmoved = commit?.sha === before.commit?.sha;
    if (done.length > 0 && !(unmoved && same.length === 0)) {
      trial.add([
        `the tree is neither what it was nor ${commit?.sha}`,
        ...done.slice(0, 6).map((line) => `to be ${commit?.sha.slice(0, 8)}: ${line}`),
        ...(same.length > 0 ? same.slice(0, 6).map((line) => `to be as before: ${line}`) : []),
      ]);
    }
    this.#judgeFolders(now, before);
    const fresh = [...this.backups].filter((name) => !before.backups.has(name));
    const changed = done.length === 0 && (same.length > 0 || !unmoved);
    if (changed && expected) this.#judgeBackups(fresh, expected.replaced, before.indexed);
    else if (fresh.length > 0) {
      trial.add([`a backup of edits that were not replaced is left: ${fresh.join(", ")}`]);
    }
    return changed;
  }

  #judgeFolders({ files, folders }: TreeOnDisk, before: Before): void {
    const needed = foldersOf(files);
    const problems = [...folders].flatMap(([path, mode]) => {
      const old = before.tree.folders.get(path);
      if (mode !== 0o755 && mode !== old) return [`folder ${path} has mode ${mode.toString(8)}`];
      return needed.has(path) || old !== undefined ? [] : [`folder ${path} is empty`];
    });
    this.trial.add(problems);
  }

  #judgeBackups(names: readonly string[], replaced: Listing, indexed: boolean): void {
    const folder = this.trial.host("/var/lib/hyper-nixos/backups");
    const missing = [...replaced].filter(([path, entry]) =>
      !names.some((name) => contentAt(`${folder}/${name}/${path}`) === entry.split(" ")[1])
    );
    this.trial.add(missing.map(([path]) => `a local edit is lost: ${JSON.stringify(path)}`));
    // Where nothing is known of what the last sync put there, all that is replaced is kept.
    if (replaced.size === 0 && names.length > 0 && indexed) {
      this.trial.add([`a backup without a replaced edit: ${names.join(", ")}`]);
    }
  }
}

/** See {@link SyncedTree.look}. */
export interface Before {
  readonly tree: TreeOnDisk;
  readonly commit: HistoryCommit | undefined;
  readonly backups: ReadonlySet<string>;
  /** Whether an index says what the last sync put there. */
  readonly indexed: boolean;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function contentAt(path: string): string | undefined {
  try {
    const info = Deno.lstatSync(path);
    return info.isSymlink ? linkHash(path) : info.isFile ? fileHash(path, info.size) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
