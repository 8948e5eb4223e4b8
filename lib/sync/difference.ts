import { readTextIfExists } from "../machine/files/files.ts";
import type { Context } from "../machine/context.ts";
import { applyChange } from "./apply/apply.ts";
import { Arrival } from "./apply/arrival.ts";
import type { AskedChanges } from "./asked_changes.ts";
import type { BegunSync } from "./begin.ts";
import { ContentStore } from "./apply/content_store.ts";
import { ContentFetch } from "./fetch/contents.ts";
import { fetchTarget } from "./fetch/fetch_target.ts";
import type { Look } from "./look.ts";
import type { SyncOptions } from "./options.ts";
import { remember, stateAfter } from "./remember.ts";
import type { SignedCommit } from "./signature/signed_commit.ts";
import { settlePlan } from "./apply/second_look.ts";
import { encodeState } from "./state.ts";
import type { SyncFacts } from "./summary.ts";
import { NOTHING_NEW, type TargetTree } from "./fetch/target.ts";
import { modeOf } from "./tree/local_entry.ts";
import { LocalTree } from "./tree/local_tree.ts";
import { ManifestTrees } from "./tree/manifest_trees.ts";
import { isClean, type SyncPlan } from "./tree/plan.ts";
import { planSync } from "./tree/planner.ts";
import { refuseUselessCommit } from "./useless_commit.ts";

/** What was done, or would be. */
type Outcome = Pick<SyncFacts, "local" | "plan" | "target" | "delivery" | "applied">;

/** A sync of a tree that is not, or may not be, what is wanted: it is looked at from the beginning on. */
export class TreeDifference {
  readonly #staging: string | undefined;
  readonly #local: LocalTree;
  readonly #trees: ManifestTrees | undefined;
  readonly #store: ContentStore;
  /** Nothing is here, or all is to be downloaded. */
  readonly #everything: boolean;
  readonly #scanning: Promise<unknown>;

  constructor(
    private readonly ctx: Context,
    private readonly options: SyncOptions,
    private readonly look: Look,
    private readonly begun: BegunSync,
  ) {
    // Needed when an answer is here; loaded while it travels.
    import("../git/pack_parser.ts").then(({ prepareInflating }) => prepareInflating());
    this.#staging = look.staging();
    const { index } = look;
    this.#local = this.#localTree(true);
    this.#trees = index && new ManifestTrees(index.manifest);
    this.#store = new ContentStore(
      this.#local,
      this.#trees,
      this.#staging && `${this.#staging}/objects`,
    );
    this.#everything = options.forceFull === true || (!index && this.#isEmpty());
    this.#scanning = this.#local.scan();
    this.#scanning.catch(() => {});
  }

  /**
   * Makes the tree equal to a commit, or finds out what that would mean.
   * @param signed proof of who has signed it, where that is asked for
   * @param asked what it has otherwise than the one that is here, where that was asked for
   */
  async settle(
    commit: string,
    signed: SignedCommit | undefined,
    asked: AskedChanges | undefined,
  ): Promise<Outcome> {
    const ctx = this.ctx;
    const [look, begun, store, staging] = [this.look, this.begun, this.#store, this.#staging];
    const { state, index, writes } = look;
    const { remote, ref } = begun;
    // Of what is here already, hardly anything will be needed: written as it arrives, it would all go again.
    const arrives = this.#everything && this.#isEmpty() && staging !== undefined;
    await using arrival = arrives ? new Arrival(staging, commit) : undefined;
    store.arrival = arrival;
    const also = state && !index && state.commit !== commit ? state.commit : undefined;
    // An archive holds one commit.
    const byArchive = this.#everything && staging !== undefined && also === undefined;
    const same = index?.manifest.commit === commit && !this.options.forceFull;
    const target: TargetTree = same
      ? { ...NOTHING_NEW, manifest: index.manifest }
      : await fetchTarget({ ctx, remote, commit, store }, {
        have: this.#everything ? undefined : index?.manifest.commit,
        trees: this.#trees,
        also,
        asked,
        everything: this.#everything,
        archive: byArchive ? begun.archive ?? remote.archive(ref) : undefined,
        pathsOnly: !writes,
      });
    signed?.requireOf(target.manifest);
    await this.#scanning;
    if (!same) {
      const isNamed = this.options.repo !== undefined;
      refuseUselessCommit(ctx, this.#local, target.manifest, remote.repository, isNamed);
    }
    const base = index?.manifest ?? target.base ??
      (state?.commit === target.manifest.commit ? target.manifest : undefined);
    const first = planSync(this.#local, target.manifest, base);
    if (staging === undefined) return { local: this.#local, plan: first, target };

    const fetchContents = (plan: SyncPlan) =>
      new ContentFetch(ctx, remote, target, plan, store, this.options).run();
    let delivery = await fetchContents(first);
    const { local, plan, operations } = await settlePlan(
      { local: this.#local, plan: first },
      () => this.#localTree(),
      async (local) => {
        ctx.log.debug("the tree was edited meanwhile: it is compared again");
        const plan = planSync(local, target.manifest, base);
        delivery = await fetchContents(plan) ?? delivery;
        return plan;
      },
    );
    if (isClean(plan)) {
      await remember(ctx, look, begun, plan, local.learnt > 0);
      return { local, plan, target, delivery };
    }
    const applied = await applyChange(ctx, {
      tree: look.tree,
      staging,
      plan,
      operations,
      contents: {
        of: ({ sha, path }) => {
          const object = store.get(sha);
          if (object === undefined) throw new Error(`no content for ${path}`);
          return object.data;
        },
        size: ({ sha }) => store.sizeOf(sha),
        moveTo: (entry, path) => store.moveTo(entry.sha, path, modeOf(entry)),
        folders: arrival?.folders,
      },
      disk: arrival?.disk,
      stateBefore: readTextIfExists(look.tree.state),
      stateAfter: encodeState(stateAfter(ctx, begun, plan)),
    });
    return { local, plan, target, delivery, applied };
  }

  /** @param first goes on from the look at the rows that was begun */
  #localTree(first = false): LocalTree {
    const { tree, index, rows } = this.look;
    // The staging folder was made just now: its time is the file system's own clock.
    const second = this.#staging
      ? Math.floor((Deno.lstatSync(this.#staging).mtime?.getTime() ?? 0) / 1000)
      : 0;
    const trust = !this.options.forceFull;
    return new LocalTree(tree.path, index, second, trust, first ? rows : undefined);
  }

  #isEmpty(): boolean {
    return this.#local.at("") === undefined ||
      Deno.readDirSync(this.look.tree.path).next().done === true;
  }
}
