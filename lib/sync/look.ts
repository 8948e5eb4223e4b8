import { unlessUsed } from "../machine/files/unless_used.ts";
import { openStateFolder } from "../machine/state_folder.ts";
import {
  createStaging,
  hasLeftovers,
  type SourceTree,
  sourceTree,
  stagingFolders,
  treeFolderProblem,
} from "../machine/tree/source_tree.ts";
import type { Context } from "../machine/context.ts";
import type { SyncOptions } from "./options.ts";
import { readIndex, readSyncState, type SyncState } from "./state.ts";
import type { LocalIndex } from "./tree/index_file.ts";
import { IndexLook } from "./tree/index_look.ts";

/** The source tree as a sync finds it, and what is known of it. */
export class Look implements AsyncDisposable {
  #staging: string | undefined;

  private constructor(
    private readonly ctx: Context,
    /** Whether the run may change anything. */
    readonly writes: boolean,
    readonly tree: SourceTree,
    readonly state: SyncState | undefined,
    readonly index: LocalIndex | undefined,
    /** The rows of the index, when what it knows is to be trusted. */
    readonly rows: IndexLook | undefined,
    /** Folders that go again when nothing comes of the sync. */
    private readonly made: DisposableStack,
  ) {}

  /**
   * Finishes or discards first what an earlier run has left, when this one may write.
   * @throws ToolError as {@link openStateFolder}, {@link sourceTree}, {@link treeFolderProblem} and
   *   {@link readSyncState} do
   */
  static async at(ctx: Context, options: SyncOptions): Promise<Look> {
    const writes = !options.dryRun && !options.checkOnly;
    using made = new DisposableStack();
    if (writes) made.use(openStateFolder(ctx));
    const tree = sourceTree(ctx);
    made.use(unlessUsed([tree.parent]));
    if (writes ? hasLeftovers(tree) : hasStaging(tree)) {
      const recovery = await import("../machine/tree/tree_recovery.ts");
      if (writes) await recovery.recoverSourceTree(ctx);
      else if (recovery.hasInterruptedChange(ctx)) {
        ctx.log.warn("an update was interrupted; the next run that may write finishes it first");
      }
    }
    const problem = writes ? treeFolderProblem(ctx) : undefined;
    if (problem) throw problem;
    const state = stateOf(ctx, writes);
    const index = state && await readIndex(ctx, state);
    const rows = index && !options.forceFull ? new IndexLook(index) : undefined;
    return new Look(ctx, writes, tree, state, index, rows, made.move());
  }

  /** The folder for what will be written, made when it is first asked for; none for who only looks. */
  staging(): string | undefined {
    return this.writes ? this.#staging ??= createStaging(this.ctx, this.tree) : undefined;
  }

  /** Removes the staging folder with what is in it, unless a change in it was decided. */
  async [Symbol.asyncDispose](): Promise<void> {
    using _made = this.made;
    if (this.#staging === undefined) return;
    const { discardChange } = await import("../machine/tree/tree_recovery.ts");
    await discardChange(this.ctx, this.#staging);
  }
}

/** The state, as far as this user may read it: who is not root compares without it. */
function stateOf(ctx: Context, writes: boolean): SyncState | undefined {
  try {
    return readSyncState(ctx);
  } catch (error) {
    if (writes || !(error instanceof Deno.errors.PermissionDenied)) throw error;
    ctx.log.debug("the state may be read by root only: comparing all files");
    return undefined;
  }
}

/** False also when it may not be seen. */
function hasStaging(tree: SourceTree): boolean {
  try {
    return stagingFolders(tree).length > 0;
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}
