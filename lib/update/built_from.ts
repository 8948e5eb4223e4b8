import type { Context } from "../machine/context.ts";
import { bootDefault, currentSystem } from "../nix/generations.ts";
import { systemRecord } from "../nix/system_record.ts";
import type { SyncSummary } from "../sync/options.ts";
import { readSyncState } from "../sync/state.ts";
import type { RebuildAction } from "./options.ts";

/**
 * Whether there is nothing left to build: the running system was built from this commit, after the
 * tree became what it is now. Equal files alone do not say so: a rebuild may have failed, a system
 * that was only tested is gone after a reboot, and an edit that was built may have been replaced since.
 * @param summary of a sync of this tree, done or only checked
 */
export function isBuiltFrom(
  ctx: Context,
  summary: Pick<SyncSummary, "commit" | "changed">,
  action: RebuildAction,
): boolean {
  if (summary.changed) return false;
  const running = currentSystem(ctx);
  const record = systemRecord(ctx, running);
  if (record?.commit !== summary.commit) return false;
  // The next boot starts the system that a specialisation is of.
  const booted = record.specialisation?.base ?? running;
  if (action === "switch" && bootDefault(ctx) !== booted) return false;
  const synced = readSyncState(ctx)?.time;
  return synced !== undefined && Date.parse(synced) <= Date.parse(record.activated);
}
