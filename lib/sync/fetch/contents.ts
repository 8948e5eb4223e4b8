import type { WantedFile } from "../../github/raw_files.ts";
import { TransferError } from "../../git/transfer_error.ts";
import { counted } from "../../layout/counted.ts";
import type { Context } from "../../machine/context.ts";
import type { ContentStore } from "../apply/content_store.ts";
import type { SyncOptions } from "../options.ts";
import type { SyncPlan } from "../tree/plan.ts";
import { TransferNote } from "./progress_note.ts";
import type { Remote } from "./remote.ts";
import type { TargetTree } from "./target.ts";

/** Wants in one request: each is a line of 50 bytes. */
const WANTS = 4000;
/** Raw files at once. */
const CONNECTIONS = 16;
/** Assumed where nothing was measured: bytes per millisecond, and milliseconds. */
const BANDWIDTH = 5000;
const ROUND_TRIP = 50;
/** Text in a gzipped archive or pack takes about this share of its size. */
const COMPRESSED = 0.3;

/** How contents came, for the summary. */
export interface Delivery {
  readonly transport: string;
  readonly reason: string;
}

/** Gets the contents that a plan needs and that are neither received yet nor in a file here. */
export class ContentFetch {
  constructor(
    private readonly ctx: Context,
    private readonly remote: Remote,
    private readonly target: TargetTree,
    private readonly plan: SyncPlan,
    private readonly store: ContentStore,
    private readonly options: SyncOptions,
  ) {}

  /**
   * @returns undefined when nothing was missing
   * @throws ToolError exit 5 when a content is to be had nowhere
   */
  async run(): Promise<Delivery | undefined> {
    let missing = this.#missing();
    let delivery: Delivery | undefined;
    if (missing.length > 0 && this.remote.gitProblem === undefined) {
      delivery = await this.#byGit(missing);
      missing = this.#missing();
    }
    if (missing.length === 0) return delivery;
    try {
      return await this.#byFiles(missing);
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      throw this.remote.failure(error);
    }
  }

  #missing(): WantedFile[] {
    const files = new Map<string, WantedFile>();
    for (const { path, sha } of this.plan.staged) {
      if (files.has(sha) || this.store.has(sha)) continue;
      files.set(sha, { path, sha, size: this.target.sizes.get(path) });
    }
    return [...files.values()];
  }

  async #byGit(missing: readonly WantedFile[]): Promise<Delivery | undefined> {
    const { remote, store, plan } = this;
    const progress = this.ctx.ui.progress("Receiving files", missing.length);
    const note = new TransferNote(remote.http.bytes);
    const say = (done: number, total: number, unit: string) =>
      note.text(done, total, unit, remote.http.bytes);
    const most = missing.length > 500 && missing.length > plan.files * 0.6;
    try {
      if (most) {
        const wants = [this.target.manifest.commit];
        await remote.git.fetch({ wants }, store, (done, total) => {
          progress.update(Math.floor(missing.length * done / total), say(done, total, "objects"));
        });
      } else {
        for (let at = 0; at < missing.length; at += WANTS) {
          const wants = missing.slice(at, at + WANTS).map(({ sha }) => sha);
          await remote.git.fetch({ wants, single: true }, store, (done) => {
            progress.update(at + done, say(at + done, missing.length, "files"));
          });
        }
      }
      progress.done(`${counted(missing.length, "file")} received`);
      return {
        transport: most ? "git pack" : "git files",
        reason: most
          ? `${missing.length} of ${plan.files} files missing: one pack of all is quicker`
          : `${counted(missing.length, "file")} missing, which one request brings`,
      };
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      progress.fail("git's protocol failed, going on with single files");
      remote.giveUpGit(error);
      return undefined;
    }
  }

  /** Raw files when they are few, the archive when they are many; raw files for what it lacks. */
  async #byFiles(missing: readonly WantedFile[]): Promise<Delivery> {
    const { ctx, remote, store, options } = this;
    const choice = this.#chooseFiles(missing);
    ctx.log.debug(`transport: ${choice.transport}, because ${choice.reason}`);
    const progress = ctx.ui.progress("Downloading files", missing.length);
    const note = new TransferNote(remote.http.bytes);
    let taken = 0;
    const take = (file: WantedFile, data: Uint8Array) => {
      store.put(file.sha, { kind: "blob", data });
      progress.update(++taken, note.text(taken, missing.length, "files", remote.http.bytes));
    };
    const download = {
      connections: options.connections ?? CONNECTIONS,
      skipValidation: options.skipValidation ?? false,
      take,
    };
    const { manifest: { commit } } = this.target;
    const rest = await remote.rest();
    try {
      let left = missing;
      if (choice.archive) {
        const { downloadArchive } = await import("../../github/archive.ts");
        try {
          await downloadArchive(remote.http, remote.repository, commit, missing, download);
        } catch (error) {
          if (!(error instanceof TransferError)) throw error;
          ctx.log.debug(`the archive failed: ${error.message}`);
        }
        left = missing.filter(({ sha }) => !store.has(sha));
        if (left.length > 0) {
          ctx.log.debug(`${counted(left.length, "file")} not in it, or not as it should be`);
        }
      }
      const { downloadRaw } = await import("../../github/raw_files.ts");
      await downloadRaw(remote.http, rest, remote.repository, commit, left, download);
      progress.done(`${counted(missing.length, "file")} downloaded`);
    } catch (error) {
      progress.fail("the download stopped");
      throw error;
    }
    return choice;
  }

  #chooseFiles(missing: readonly WantedFile[]): Delivery & { readonly archive: boolean } {
    const { sizes } = this.target;
    const roundTrip = this.remote.http.roundTrip || ROUND_TRIP;
    const sum = (sizes: Iterable<number | undefined>) => {
      let total = 0;
      for (const size of sizes) total += size ?? 6000;
      return total;
    };
    const connections = this.options.connections ?? CONNECTIONS;
    const wanted = sum(missing.map(({ size }) => size));
    const all = sizes.size > 0 ? sum(sizes.values()) : this.plan.files * 6000;
    const raw = roundTrip * (2 + Math.ceil(missing.length / connections)) + wanted / BANDWIDTH;
    const archive = roundTrip * 6 + all * COMPRESSED / BANDWIDTH;
    const ms = (time: number) => `${Math.round(time)} ms`;
    return {
      archive: archive < raw,
      transport: archive < raw ? "archive" : "raw files",
      reason: `about ${ms(raw)} as ${missing.length} raw files, ${ms(archive)} as one archive`,
    };
  }
}
