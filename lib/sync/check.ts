import type { Context } from "../program/context.ts";
import { beginSync } from "./begin.ts";
import type { SyncOptions } from "./options.ts";
import { readSyncState } from "./state.ts";

/** What GitHub has, against what was synced last. */
export interface UpdateCheck {
  readonly repository: string;
  readonly ref: string;
  /** The tree's commit, when that is known. */
  readonly current: string | undefined;
  /** The ref's commit. */
  readonly latest: string;
  readonly upToDate: boolean;
}

/**
 * Asks for the commit of a ref, in one request; looks at no file and writes nothing.
 * @throws as `syncTree` does for what it has to do with the network
 */
export async function checkForUpdate(
  ctx: Context,
  options: Pick<SyncOptions, "ref" | "repository"> = {},
): Promise<UpdateCheck> {
  using begun = await beginSync(ctx, options);
  const { repository, ref } = begun;
  const { commit: latest } = await begun.resolving;
  const current = stateCommit(ctx);
  return { repository, ref, current, latest, upToDate: current === latest };
}

/** Undefined also for who may not read the state. */
function stateCommit(ctx: Context): string | undefined {
  try {
    return readSyncState(ctx)?.commit;
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
