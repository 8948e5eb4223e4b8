import { headerOf, kindOf, parseTree } from "../../git/git_objects.ts";
import type { GitObject } from "../../git/pack_objects.ts";
import { TransferError } from "../../git/transfer_error.ts";
import { FileSystemSync } from "../../machine/files/file_system_sync.ts";
import { parentOf } from "../../machine/files/files.ts";
import { hostilePathProblem } from "../../machine/tree/hostile_path.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { staged as places } from "../../machine/tree/tree_journal.ts";
import { isExcluded } from "../../machine/tree/excluded.ts";
import { FileWriter } from "./file_writer.ts";
import type { FolderMaker } from "./folder_maker.ts";
import { modeOf } from "../tree/local_entry.ts";
import type { Manifest, ManifestEntry } from "../tree/manifest.ts";

/** So many files are written before the disk is given them (every time). */
const BATCH = 128;

/**
 * Writes files into the staging folder as they arrive, at their final places and with their final
 * permissions, while the network is waited for. Where a file belongs an archive says, or the folders that
 * hold it, when they have come before it, as they do in a pack as a rule; others are left for later.
 * What an archive says is not believed before {@link withdraw} or the name of its tree has proven it.
 */
export class Arrival implements AsyncDisposable {
  readonly #writer: FileWriter;
  /** Brings them to the disk meanwhile. */
  readonly disk: FileSystemSync | undefined;
  readonly #top: string;
  /** Commits, and tags of commits, whose tree is wanted. */
  readonly #wanted: Set<string>;
  /** What the paths below a tree begin with. */
  readonly #prefixes = new Map<string, string>();
  /** The first path of each content that has not arrived. */
  readonly #entries = new Map<string, ManifestEntry>();
  /** What was written, by content. */
  readonly #written = new Map<string, ManifestEntry>();

  /** @param commit the commit whose files are written */
  constructor(staging: string, commit: string) {
    this.#top = places.new(staging);
    this.#writer = new FileWriter(this.#top, 0o755);
    this.#wanted = new Set([commit]);
    this.disk = FileSystemSync.open(this.#top);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
    await this.disk?.[Symbol.asyncDispose]();
  }

  /** The folders of what was written. */
  get folders(): FolderMaker {
    return this.#writer.folders;
  }

  /** Until {@link finish}, files may be written in another thread. */
  hurry(): void {
    this.#writer.concurrent = true;
  }

  /** Undefined, or resolves when more may arrive. */
  get pause(): Promise<void> | undefined {
    return this.#writer.pause;
  }

  /** Resolves when all that was taken is in its file. */
  async finish(): Promise<void> {
    await this.#writer.finish();
  }

  /** Tells where files belong. */
  expect(entries: Iterable<ManifestEntry>): void {
    for (const entry of entries) {
      const wanted = kindOf(entry.mode) === "file" && !isExcluded(entry.path);
      if (wanted && !this.#entries.has(entry.sha)) this.#entries.set(entry.sha, entry);
    }
  }

  /** @returns the host path of a file that was written */
  take(sha: string, { kind, data }: GitObject): string | undefined {
    if (kind === "blob") return this.#write(sha, data);
    try {
      if (kind === "tree") this.#list(sha, data);
      else if (this.#wanted.has(sha)) {
        if (kind === "commit") this.#prefixes.set(headerOf(data, "tree"), "");
        else this.#wanted.add(headerOf(data, "object"));
      }
    } catch (error) {
      // Refused where the commit is judged as a whole.
      if (!(error instanceof TransferError || error instanceof ToolError)) throw error;
    }
    return undefined;
  }

  /**
   * Takes back what was written and is not in a commit, or not so: what an archive claimed.
   * @returns the names of the contents that are not on disk any more
   */
  withdraw({ table }: Manifest): string[] {
    const wrong = [...this.#written.values()].filter(({ path, sha, mode }) => {
      const row = table.rowOf(path);
      return row === undefined || !table.hasName(row, sha) || table.mode(row) !== mode;
    });
    for (const { path, sha } of wrong) {
      const host = `${this.#top}/${path}`;
      Deno.removeSync(host);
      this.folders.removeEmpty(parentOf(host));
      this.#written.delete(sha);
    }
    return wrong.map(({ sha }) => sha);
  }

  #list(sha: string, tree: Uint8Array): void {
    const prefix = this.#prefixes.get(sha);
    if (prefix === undefined) return;
    const names = new Set<string>();
    for (const { name, mode, sha: of } of parseTree(tree, sha)) {
      const path = prefix + name;
      if (names.has(name) || name.includes("/") || hostilePathProblem(path)) continue;
      names.add(name);
      if (kindOf(mode) !== "tree") this.expect([{ path, mode, sha: of }]);
      else if (!this.#prefixes.has(of)) this.#prefixes.set(of, path + "/");
    }
  }

  #write(sha: string, content: Uint8Array): string | undefined {
    const entry = this.#entries.get(sha);
    if (entry === undefined) return undefined;
    this.#entries.delete(sha);
    const path = `${this.#top}/${entry.path}`;
    this.#writer.write(path, content, modeOf(entry));
    this.#written.set(sha, entry);
    if (this.#written.size % BATCH === 0) this.disk?.start();
    return path;
  }
}
