import { isExecutable, kindOf } from "../github/git_objects.ts";
import type { Operation } from "../machine/tree_journal.ts";
import { isExcluded } from "./exclusions.ts";
import type { FileStat } from "./index_file.ts";
import type { LocalEntry, LocalTree } from "./local_tree.ts";
import type { Manifest, ManifestEntry } from "./manifest.ts";

/** What makes the local tree equal to a commit, and what that means for the files that are there. */
export interface SyncPlan {
  readonly target: Manifest;
  /** Files and symlinks to be staged: new content. */
  readonly staged: readonly ManifestEntry[];
  readonly operations: readonly Operation[];
  readonly added: readonly string[];
  readonly updated: readonly string[];
  /** Right content, wrong permissions or owner. */
  readonly modes: readonly string[];
  readonly deleted: readonly string[];
  /** Gone upstream but changed here since the last sync: left alone. */
  readonly kept: readonly string[];
  /** Changed here, or of unknown origin, and replaced: backed up first. */
  readonly edited: readonly string[];
  /** Gitlinks: nothing of them is synced. */
  readonly submodules: readonly string[];
  /** Upstream files under excluded paths. */
  readonly excluded: number;
  /** Upstream files that are synced. */
  readonly files: number;
  /** Files that are replaced or removed: the way back keeps them. */
  readonly replaced: readonly string[];
  /** For the index: by the target's entries. */
  readonly stats: readonly (FileStat | undefined)[];
}

/** Permissions of a file or folder in the tree. */
export function modeOf({ mode }: ManifestEntry): number {
  return kindOf(mode) === "tree" || isExecutable(mode) ? 0o755 : 0o644;
}

/** Whether anything has to be done. */
export function isClean(plan: SyncPlan): boolean {
  return plan.operations.length === 0;
}

/**
 * Compares the tree on disk with a commit. Changes nothing.
 * @param base what the last sync put there: only that is ever deleted
 * @param listBelow all files, relative to the tree, below a folder of it
 */
export function planSync(
  local: LocalTree,
  target: Manifest,
  base: Manifest | undefined,
  listBelow: (folder: string) => readonly string[],
): SyncPlan {
  return new Planner(local, target, base, listBelow).plan();
}

/** A folder that is not there yet. */
interface Fresh {
  readonly path: string;
  /** What the paths below it begin with. */
  readonly prefix: string;
  /** Whether a step to put it is planned. */
  put: boolean;
}

class Planner {
  readonly #local: LocalTree;
  readonly #target: Manifest;
  readonly #base: Manifest | undefined;
  readonly #listBelow: (folder: string) => readonly string[];
  /** Names of what the last sync put there, by path. */
  readonly #synced = new Map<string, ManifestEntry>();
  readonly #asides: string[] = [];
  readonly #puts: string[] = [];
  readonly #modeOperations: Operation[] = [];
  readonly #staged: ManifestEntry[] = [];
  readonly #added: string[] = [];
  readonly #updated: string[] = [];
  readonly #modes: string[] = [];
  readonly #deleted: string[] = [];
  readonly #kept: string[] = [];
  readonly #edited: string[] = [];
  readonly #submodules: string[] = [];
  readonly #replaced: string[] = [];
  readonly #stats: (FileStat | undefined)[] = [];
  #excluded = 0;
  #files = 0;

  constructor(
    local: LocalTree,
    target: Manifest,
    base: Manifest | undefined,
    listBelow: (folder: string) => readonly string[],
  ) {
    this.#local = local;
    this.#target = target;
    this.#base = base;
    this.#listBelow = listBelow;
    for (const entry of base?.entries ?? []) this.#synced.set(entry.path, entry);
  }

  plan(): SyncPlan {
    this.#compare();
    const prunes = this.#delete();
    const paths = (what: "aside" | "remove" | "put" | "prune", list: readonly string[]) =>
      list.map((path): Operation => ({ do: what, path }));
    return {
      target: this.#target,
      staged: this.#staged,
      operations: [
        ...paths("aside", this.#asides),
        ...paths("remove", this.#deleted),
        ...paths("prune", prunes),
        ...paths("put", this.#puts),
        ...this.#modeOperations,
      ],
      added: this.#added,
      updated: this.#updated,
      modes: this.#modes,
      deleted: this.#deleted,
      kept: this.#kept,
      edited: this.#edited,
      submodules: this.#submodules,
      excluded: this.#excluded,
      files: this.#files,
      replaced: [...this.#replaced, ...this.#deleted],
      stats: this.#stats,
    };
  }

  #compare(): void {
    // A folder that is not there is staged whole and put in one step, once a file is in it.
    let fresh: Fresh | undefined = this.#local.at("") === undefined
      ? { path: "", prefix: "", put: false }
      : undefined;
    this.#target.entries.forEach((entry, i) => {
      const { path } = entry;
      const kind = kindOf(entry.mode);
      if (fresh && !path.startsWith(fresh.prefix)) fresh = undefined;
      if (isExcluded(path)) {
        if (kind !== "tree") this.#excluded++;
      } else if (kind === "gitlink") this.#submodules.push(path);
      else if (kind === "tree") {
        if (fresh) return;
        const there = this.#local.at(path);
        if (there?.kind === "folder") {
          this.#checkMode(entry, there);
          return;
        }
        if (there) this.#moveAside(path, there);
        fresh = { path, prefix: path + "/", put: false };
      } else {
        this.#files++;
        if (!fresh) this.#stats[i] = this.#compareFile(entry);
        else {
          if (!fresh.put) this.#puts.push(fresh.path);
          fresh.put = true;
          this.#staged.push(entry);
          this.#added.push(path);
        }
      }
    });
    this.#stats.length = this.#target.entries.length;
  }

  /** Returns what the index may remember of a file that is as it should be. */
  #compareFile(entry: ManifestEntry): FileStat | undefined {
    const { path, sha } = entry;
    const there = this.#local.at(path);
    if (there?.kind === kindOf(entry.mode) && there.sha === sha) {
      if (this.#checkMode(entry, there)) return there.stat;
      this.#modes.push(path);
      return undefined;
    }
    this.#staged.push(entry);
    this.#puts.push(path);
    if (there === undefined) this.#added.push(path);
    else if (there.kind === "folder" || there.kind === "other") {
      this.#moveAside(path, there);
      this.#added.push(path);
    } else {
      this.#updated.push(path);
      this.#replaced.push(path);
      if (!this.#isSynced(path, there)) this.#edited.push(path);
    }
    return undefined;
  }

  /** Returns false after planning to set the permissions. */
  #checkMode(entry: ManifestEntry, there: LocalEntry): boolean {
    if (there.kind === "symlink") return true;
    const mode = modeOf(entry);
    const owned = Deno.uid() !== 0 || there.uid === 0;
    if (there.mode === mode && owned) return true;
    this.#modeOperations.push({ do: "mode", path: entry.path, mode, before: there.mode });
    return false;
  }

  #moveAside(path: string, there: LocalEntry): void {
    this.#asides.push(path);
    if (there.kind === "folder") {
      for (const file of this.#listBelow(path)) {
        const found = this.#local.at(file);
        if (found?.sha !== undefined && !this.#isSynced(file, found)) this.#edited.push(file);
      }
    } else if (there.sha !== undefined && !this.#isSynced(path, there)) this.#edited.push(path);
  }

  /** Whether a file is as the last sync left it. */
  #isSynced(path: string, there: LocalEntry): boolean {
    const synced = this.#synced.get(path);
    return synced !== undefined && kindOf(synced.mode) === there.kind && synced.sha === there.sha;
  }

  /** Plans to remove what the last sync put there and the target has no more. */
  #delete(): string[] {
    const wanted = new Set(this.#target.entries.map(({ path }) => path));
    const aside = new Set(this.#asides);
    const emptied: string[] = [];
    let gone: string | undefined;
    for (const { path, mode } of this.#base?.entries ?? []) {
      if (gone !== undefined && path.startsWith(gone)) continue;
      gone = undefined;
      const kind = kindOf(mode);
      if (isExcluded(path) || kind === "gitlink") continue;
      const there = this.#local.at(path);
      if (kind === "tree") {
        if (there?.kind !== "folder" || aside.has(path)) gone = path + "/";
        else if (!wanted.has(path)) emptied.push(path);
      } else if (there && !wanted.has(path)) {
        if (this.#isSynced(path, there)) this.#deleted.push(path);
        else if (there.kind !== "folder") this.#kept.push(path);
      }
    }
    return emptied.reverse();
  }
}
