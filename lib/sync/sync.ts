import { sameRepository } from "../github/endpoints.ts";
import { ExitCode } from "../machine/exit_code.ts";
import {
  ensureDirectory,
  parentOf,
  readTextIfExists,
  writeFileAtomic,
} from "../machine/files/files.ts";
import { machineHas } from "../machine/files/machine_files.ts";
import { places } from "../machine/places.ts";
import { createStaging, type SourceTree, sourceTree } from "../machine/tree/source_tree.ts";
import { ensureStateFolder } from "../machine/state_folder.ts";
import { ToolError } from "../machine/tool_error.ts";
import { installedLayout, LAYOUT_WORDS, layoutOf, NEEDED } from "../machine/tree_layout.ts";
import {
  discardChange,
  hasInterruptedChange,
  recoverSourceTree,
} from "../machine/tree/tree_recovery.ts";
import type { Context } from "../machine/context.ts";
import { type Applied, applyChange } from "./apply.ts";
import { Arrival } from "./arrival.ts";
import { beginSync, type BegunSync } from "./begin.ts";
import { ContentStore } from "./content_store.ts";
import { type Delivery, fetchContents } from "./contents.ts";
import { fetchTarget } from "./fetch_target.ts";
import { encodeIndex, type LocalIndex } from "./tree/index_file.ts";
import { modeOf } from "./tree/local_entry.ts";
import { LocalTree } from "./tree/local_tree.ts";
import { type Manifest, ManifestTrees } from "./tree/manifest.ts";
import type { SyncOptions, SyncSummary } from "./options.ts";
import { isClean, type SyncPlan } from "./tree/plan.ts";
import { planSync } from "./tree/planner.ts";
import { syncableBelow } from "./previous.ts";
import type { SignedCommit } from "./signature/signed_commit.ts";
import { settlePlan } from "./second_look.ts";
import { encodeState, readIndex, readSyncState, type SyncState } from "./state.ts";
import { summaryOf } from "./summary.ts";
import type { Target } from "./target.ts";

/**
 * Makes the source tree equal to a commit on GitHub, moving only what differs; with `dryRun` or
 * `checkOnly` finds out what that would mean and writes nothing at all. All or nothing: the tree
 * becomes the commit or stays what it was, whatever fails or whoever kills it. Local edits that are
 * replaced are backed up. A run that writes must hold the machine's lock and be root.
 * @param begun of the same options, when the servers were asked earlier than now
 * @throws ToolError exit 4 for an unknown ref or repository, 5 when the network or the servers fail, 6
 *   for another repository than the tree's, a commit that is not signed as it must be or cannot build
 *   this host, or hostile paths
 */
export async function syncTree(
  ctx: Context,
  options: SyncOptions,
  begun: Promise<BegunSync> = beginSync(ctx, options),
): Promise<SyncSummary> {
  const writes = !options.dryRun && !options.checkOnly;
  const ended = () => begun.then((sync) => sync[Symbol.dispose](), () => {});
  try {
    if (writes) {
      ensureStateFolder(ctx);
      await recoverSourceTree(ctx);
    } else if (hasInterruptedChange(ctx)) {
      ctx.log.warn("an update was interrupted; the next run that may write finishes it first");
    }
    return await new Sync(ctx, options, writes).run(begun);
  } finally {
    await ended();
  }
}

class Sync {
  readonly #started = performance.now();
  readonly #ctx: Context;
  readonly #options: SyncOptions;
  readonly #writes: boolean;
  readonly #tree: SourceTree;
  readonly #state: SyncState | undefined;
  #signed: SignedCommit | undefined;

  constructor(ctx: Context, options: SyncOptions, writes: boolean) {
    this.#ctx = ctx;
    this.#options = options;
    this.#writes = writes;
    this.#tree = sourceTree(ctx);
    this.#state = this.#readState();
  }

  async run(begun: Promise<BegunSync>): Promise<SyncSummary> {
    const staging = this.#writes ? createStaging(this.#ctx, this.#tree) : undefined;
    try {
      return await this.#sync(await begun, staging);
    } finally {
      if (staging) await discardChange(this.#ctx, staging);
    }
  }

  async #sync(begun: BegunSync, staging: string | undefined): Promise<SyncSummary> {
    const ctx = this.#ctx;
    const state = this.#state;
    const { remote, ref } = begun;
    // Needed when the answer is here; loaded while it travels.
    const loading = [
      import("../git/pack_objects.ts"),
      import("../git/pack_parser.ts"),
    ] as const;
    const index = state && readIndex(ctx, state);
    const scanned = this.#localTree(index, staging);
    // The tree is looked at while requests travel.
    const scanning = scanned.scan();
    scanning.catch(() => {});
    const trees = index && new ManifestTrees(index.manifest);
    const store = new ContentStore(scanned, trees, staging && `${staging}/objects`);
    const everything = this.#options.forceFull === true || (!index && this.#isEmpty(scanned));
    let answered = false;
    // Nothing new is the usual answer: what that means is worked out before it is here.
    const unchanged = scanning.then(() => {
      return index && !answered && !this.#options.forceFull
        ? this.#plan(scanned, index.manifest, index.manifest, index)
        : undefined;
    });
    unchanged.catch(() => {});
    const [, { prepareInflating }] = await Promise.all(loading);
    prepareInflating();
    const { commit, by } = await begun.resolving.finally(() => answered = true);
    ctx.log.debug(`${begun.repository}@${ref} is commit ${commit} (found by ${by})`);
    this.#signed = await this.#requireSigned(begun, commit);
    const same = index?.manifest.commit === commit && !this.#options.forceFull;
    await using arrival = everything && staging ? new Arrival(staging, commit) : undefined;
    store.arrival = arrival;
    const also = state && !index && state.commit !== commit ? state.commit : undefined;
    // An archive holds one commit.
    const byArchive = everything && staging !== undefined && also === undefined;
    const target: Target = same
      ? { ...NOTHING_NEW, manifest: index.manifest }
      : await fetchTarget(ctx, remote, commit, {
        base: index?.manifest,
        trees,
        also,
        everything,
        archive: byArchive ? begun.archive ?? remote.archive(ref) : undefined,
        pathsOnly: !this.#writes,
      }, store);
    this.#signed?.requireOf(target.manifest);
    await scanning;
    if (!same) this.#refuseUselessCommit(begun.repository, scanned, target);
    const base = index?.manifest ?? target.base ??
      (state?.commit === target.manifest.commit ? target.manifest : undefined);
    const first = (same ? await unchanged : undefined) ??
      this.#plan(scanned, target.manifest, base, index);
    if (staging === undefined) return this.#summary(begun, scanned, first, target);

    let delivery = await fetchContents(ctx, remote, target, first, store, this.#options);
    const settled = await settlePlan(
      this.#tree.path,
      { local: scanned, plan: first },
      () => this.#localTree(index, staging),
      async () => {
        ctx.log.debug("the tree was edited meanwhile: it is compared again");
        const local = this.#localTree(index, staging);
        await local.scan();
        const plan = this.#plan(local, target.manifest, base, index);
        const more = await fetchContents(ctx, remote, target, plan, store, this.#options);
        delivery = more ?? delivery;
        return { local, plan };
      },
    );
    const { local, plan, operations } = settled;
    const after = this.#stateAfter(begun, plan);
    if (isClean(plan)) {
      this.#remember(plan, index, local, after);
      return this.#summary(begun, local, plan, target, delivery);
    }
    const applied = await applyChange(ctx, {
      tree: this.#tree,
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
      stateBefore: readTextIfExists(this.#tree.state),
      stateAfter: encodeState(after),
    });
    return this.#summary(begun, local, plan, target, delivery, applied);
  }

  /** `--repo` is an explicit wish: what is there then need not come after what was there. */
  async #requireSigned({ remote }: BegunSync, commit: string): Promise<SignedCommit | undefined> {
    const ctx = this.#ctx;
    const { signedBy = machineHas(ctx, places.signers), repository } = this.#options;
    if (signedBy === false) return undefined;
    const { findSigners } = await import("./signature/signers.ts");
    const { requireSigned } = await import("./signature/signed_commit.ts");
    const signers = findSigners(ctx, signedBy === true ? undefined : signedBy);
    const previous = repository === undefined ? this.#state?.commit : undefined;
    return await requireSigned(ctx, remote, { commit, previous }, signers);
  }

  #plan(
    local: LocalTree,
    target: Manifest,
    base: Manifest | undefined,
    index: LocalIndex | undefined,
  ): SyncPlan {
    return planSync({
      local,
      target,
      base,
      indexed: base !== undefined && base === index?.manifest,
      listBelow: (folder) => syncableBelow(this.#tree.path, folder),
    });
  }

  /** The state, as far as this user may read it: who is not root compares without it. */
  #readState(): SyncState | undefined {
    try {
      return readSyncState(this.#ctx);
    } catch (error) {
      if (this.#writes || !(error instanceof Deno.errors.PermissionDenied)) throw error;
      this.#ctx.log.debug("the state may be read by root only: comparing all files");
      return undefined;
    }
  }

  #localTree(index: LocalIndex | undefined, staging: string | undefined): LocalTree {
    // The staging folder was made just now: its time is the file system's own clock.
    const second = staging ? Math.floor((Deno.lstatSync(staging).mtime?.getTime() ?? 0) / 1000) : 0;
    return new LocalTree(this.#tree.path, index, second, !this.#options.forceFull);
  }

  #isEmpty(local: LocalTree): boolean {
    return local.at("") === undefined || Deno.readDirSync(this.#tree.path).next().done === true;
  }

  /** What cannot build this host where the present tree can; never silently, and no other layout at all. */
  #refuseUselessCommit(repository: string, local: LocalTree, { manifest }: Target): void {
    const installed = installedLayout(this.#ctx);
    const present = layoutOf((path) => isThere(local, path));
    const layout = installed ?? present;
    const own = layoutOf((path) => manifest.has(path));
    if (layout === undefined) return;
    const commit = `commit ${manifest.commit.slice(0, 12)} of ${repository}`;
    if (own !== undefined && own !== layout) {
      // Without an installation only the tree changes, and --repo says that this is wanted.
      if (installed === undefined && this.#options.repository !== undefined) return;
      throw new ToolError(
        `${commit} cannot build this host: it is ${LAYOUT_WORDS[own]}, the host ${
          LAYOUT_WORDS[layout]
        }`,
        {
          code: ExitCode.Configuration,
          hint:
            "nothing was changed; take the installation back first (system-installer --undo), " +
            "then install from a checkout of that repository (system-installer --source PATH)",
        },
      );
    }
    if (this.#options.repository !== undefined || present === undefined) return;
    const missing = NEEDED[layout].filter((path) => isThere(local, path) && !manifest.has(path));
    if (missing.length === 0) return;
    throw new ToolError(`${commit} cannot build this host: it has no ${missing.join(", no ")}`, {
      code: ExitCode.Configuration,
      hint: `nothing was changed; name a commit that has it with --ref, or, if you really want ` +
        `this one, say so with --repo ${repository}`,
    });
  }

  #stateAfter({ repository, ref }: BegunSync, plan: SyncPlan): SyncState {
    return {
      version: 1,
      repository,
      commit: plan.target.commit,
      ref,
      time: this.#ctx.now().toISOString(),
      counts: {
        files: plan.files,
        added: plan.added.length,
        updated: plan.updated.length + plan.modes.length,
        deleted: plan.deleted.length,
        kept: plan.kept.length,
      },
    };
  }

  /** Nothing to do for the tree, but something was learnt about it. */
  #remember(
    plan: SyncPlan,
    index: LocalIndex | undefined,
    local: LocalTree,
    after: SyncState,
  ): void {
    const before = this.#state;
    ensureDirectory(parentOf(this.#tree.state), 0o700);
    const newFacts = index === undefined || local.learnt > 0 ||
      index.manifest.commit !== plan.target.commit;
    if (newFacts) {
      const bytes = encodeIndex({ manifest: plan.target, figures: plan.figures });
      writeFileAtomic(this.#tree.index, bytes, { mode: 0o600 });
    }
    const sameState = before?.commit === after.commit && before.ref === after.ref &&
      sameRepository(before.repository, after.repository);
    if (!sameState) writeFileAtomic(this.#tree.state, encodeState(after), { mode: 0o600 });
  }

  #summary(
    begun: BegunSync,
    local: LocalTree,
    plan: SyncPlan,
    target: Target,
    delivery?: Delivery,
    applied?: Applied,
  ): SyncSummary {
    return summaryOf({
      ...{ begun, local, plan, target, delivery, applied },
      signer: this.#signed?.signer,
      previousCommit: this.#state?.commit,
      written: this.#writes,
      seconds: (performance.now() - this.#started) / 1000,
    });
  }
}

/** The target when the tree's own commit is still the one that is wanted. */
const NOTHING_NEW = {
  base: undefined,
  sizes: new Map<string, number>(),
  transport: "none",
  reason: "the commit is the one that was synced last",
};

/** A tree without the folder is not asked for what is in it. */
function isThere(local: LocalTree, path: string): boolean {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : undefined;
  if (folder !== undefined && !isThere(local, folder)) return false;
  return local.at(path) !== undefined;
}
