import { kindOf, Mode } from "../../git/git_objects.ts";
import { isExcluded } from "../../machine/tree/excluded.ts";
import type { Operation } from "../../machine/tree/tree_journal.ts";
import type { CopiedRows } from "./copied_rows.ts";
import { isExcludedRow } from "../exclusions.ts";
import { FIGURES, type FileFigures } from "./index_file.ts";
import { type LocalEntry, modeOf } from "./local_entry.ts";
import type { LocalTree } from "./local_tree.ts";
import type { Manifest, ManifestEntry } from "./manifest.ts";
import type { PathTable } from "./path_table.ts";
import { PathTableBuilder } from "./path_table_builder.ts";
import type { SyncPlan } from "./plan.ts";

/**
 * Compares the tree on disk with a commit. Changes nothing.
 * @param base what the last sync put there: only that is ever deleted
 */
export function planSync(
  local: LocalTree,
  target: Manifest,
  base: Manifest | undefined,
): SyncPlan {
  return new Planner(local, target, base?.table ?? new PathTableBuilder().build()).plan();
}

/** A folder that is not there yet. */
interface Fresh {
  readonly path: string;
  /** What the paths below it begin with. */
  readonly prefix: string;
  /** Whether a step to put it is planned. */
  put: boolean;
  /** What is in its place, and goes when a file of it comes: it may hold nothing that is synced. */
  readonly inTheWay: LocalEntry | undefined;
}

class Planner {
  readonly #table: PathTable;
  /** Whether the base is what the index has. */
  readonly #indexed: boolean;
  /** The row of the base where the next path should be. */
  #expected = 0;
  /** Rows of the base whose path the target has, too. */
  readonly #wanted: Uint8Array;
  readonly #asides = new Set<string>();
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
  readonly #figures: FileFigures;
  #excluded = 0;
  #files = 0;
  #fresh: Fresh | undefined;

  constructor(
    private readonly local: LocalTree,
    private readonly target: Manifest,
    private readonly base: PathTable,
  ) {
    this.#table = target.table;
    this.#indexed = local.isOf(base);
    this.#wanted = new Uint8Array(base.count);
    this.#figures = new Float64Array(target.table.count * FIGURES);
  }

  plan(): SyncPlan {
    this.#compare();
    const prunes = this.#delete();
    const paths = (what: "aside" | "remove" | "put" | "prune", list: Iterable<string>) =>
      [...list].map((path): Operation => ({ do: what, path }));
    return {
      target: this.target,
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
      figures: this.#figures,
    };
  }

  #compare(): void {
    // A folder that is not there is staged whole and put in one step, once a file is in it.
    if (this.local.at("") === undefined) {
      this.#fresh = { path: "", prefix: "", put: false, inTheWay: undefined };
    }
    let row = 0;
    const wasRight = this.local.rightRows;
    for (const copied of this.#copied()) {
      for (; row < copied.at; row++) this.#compareRow(row, this.#baseRow(row));
      for (; row < copied.at + copied.count; row++) {
        const base = copied.first + row - copied.at;
        if (this.#fresh === undefined && wasRight[base] === 1) {
          this.#wanted[base] = 1;
          if (!this.#table.isFolder(row)) this.#files++;
        } else this.#compareRow(row, base);
      }
      this.local.copyFigures(copied.first, this.#figures, copied.at, copied.count);
      this.#expected = copied.first + copied.count;
    }
    for (; row < this.#table.count; row++) this.#compareRow(row, this.#baseRow(row));
  }

  /** The base's row of the path of a row: mostly the next one. */
  #baseRow(row: number): number | undefined {
    const found = this.base.hasPath(this.#expected, this.#table, row)
      ? this.#expected
      : this.base.rowOf(this.#table.path(row));
    if (found !== undefined) this.#expected = found + 1;
    return found;
  }

  /** Rows of the target that are rows of the index. */
  #copied(): readonly CopiedRows[] {
    if (!this.#indexed) return [];
    if (this.#table === this.base) {
      return [{ from: this.base, first: 0, at: 0, count: this.base.count }];
    }
    return this.target.copied.filter(({ from }) => from === this.base);
  }

  /** @param row of the same path in the base */
  #compareRow(i: number, row: number | undefined): void {
    const entry = this.#table.entry(i);
    const { path } = entry;
    const kind = kindOf(entry.mode);
    // Nothing of a submodule is here, or of a folder with no file in it: what the last sync put in its
    // place goes.
    const isNothing = kind === "gitlink" ||
      kind === "tree" && row !== undefined && !this.base.isFolder(row);
    if (row !== undefined && !isNothing) this.#wanted[row] = 1;
    if (this.#fresh && !path.startsWith(this.#fresh.prefix)) this.#fresh = undefined;
    if (isExcluded(path, kind === "tree")) {
      if (kind !== "tree") this.#excluded++;
      return;
    }
    if (kind === "gitlink") {
      this.#submodules.push(path);
      return;
    }
    if (kind !== "tree") this.#files++;
    if (this.#fresh) {
      if (kind === "tree") return;
      this.#putFresh(this.#fresh);
      this.#staged.push(entry);
      this.#added.push(path);
    } else if (row !== undefined && this.#isRight(row, entry)) {
      this.local.copyFigures(row, this.#figures, i);
    } else if (kind === "tree") {
      const there = this.local.at(path);
      if (there?.kind === "folder") {
        this.#checkMode(entry, there);
        return;
      }
      this.#fresh = { path, prefix: path + "/", put: false, inTheWay: there };
    } else {
      const figures = this.#compareFile(entry);
      if (figures) this.#figures.set(figures, i * FIGURES);
    }
  }

  #putFresh(fresh: Fresh): void {
    if (fresh.put) return;
    if (fresh.inTheWay) this.#moveAside(fresh.path, fresh.inTheWay);
    this.#puts.push(fresh.path);
    fresh.put = true;
  }

  /** Whether what is on disk is known, without a further look, to be what the target wants. */
  #isRight(row: number, { mode, sha }: ManifestEntry): boolean {
    const same = this.base.mode(row) === mode &&
      (mode === Mode.Tree || this.base.hasName(row, sha));
    return same && this.#indexed && this.local.isRight(row);
  }

  /** Returns what the index may remember of a file that is as it should be. */
  #compareFile(entry: ManifestEntry): readonly number[] | undefined {
    const { path, sha } = entry;
    const there = this.local.at(path);
    if (there?.kind === kindOf(entry.mode) && there.sha === sha) {
      if (this.#checkMode(entry, there)) return there.figures;
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
    this.#asides.add(path);
    if (there.kind === "folder") {
      for (const file of this.local.listBelow(path)) {
        const found = this.local.at(file);
        if (found?.sha !== undefined && !this.#isSynced(file, found)) this.#edited.push(file);
      }
    } else if (there.sha !== undefined && !this.#isSynced(path, there)) this.#edited.push(path);
  }

  /** Whether a file is as the last sync left it. */
  #isSynced(path: string, there: LocalEntry): boolean {
    const row = this.base.rowOf(path);
    return row !== undefined && there.sha !== undefined &&
      kindOf(this.base.mode(row)) === there.kind && this.base.hasName(row, there.sha);
  }

  /** Plans to remove what the last sync put there and the target has no more. */
  #delete(): string[] {
    const emptied: string[] = [];
    const base = this.base;
    for (let row = 0; row < base.count;) {
      const gone = this.#asides.size > 0 && this.#asides.has(base.path(row)) ||
        this.#wanted[row] === 0 && this.#deleteRow(row, emptied);
      row = gone ? base.endOf(row) : row + 1;
    }
    return emptied.reverse();
  }

  /** Returns whether nothing below it is to be looked at. */
  #deleteRow(row: number, emptied: string[]): boolean {
    const { path, mode } = this.base.entry(row);
    const kind = kindOf(mode);
    if (kind === "gitlink" || isExcludedRow(this.base, row)) return false;
    const there = this.local.at(path);
    if (kind === "tree") {
      if (there?.kind !== "folder") return true;
      emptied.push(path);
    } else if (there) {
      if (this.#isSynced(path, there)) this.#deleted.push(path);
      else if (there.kind !== "folder") this.#kept.push(path);
    }
    return false;
  }
}
