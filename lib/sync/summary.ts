import type { Applied } from "./apply/apply.ts";
import type { BegunSync } from "./begin.ts";
import type { Delivery } from "./fetch/contents.ts";
import type { LocalTree } from "./tree/local_tree.ts";
import type { SyncSummary } from "./options.ts";
import { isClean, type SyncPlan } from "./tree/plan.ts";
import type { TargetTree } from "./fetch/target.ts";

/** What a summary is made from. */
export interface SyncFacts {
  readonly begun: BegunSync;
  readonly local: Pick<LocalTree, "checked" | "hashed">;
  readonly plan: SyncPlan;
  readonly target: TargetTree;
  /** How missing contents came; undefined when none were fetched separately. */
  readonly delivery?: Delivery | undefined;
  /** What became of local edits; undefined when nothing was replaced. */
  readonly applied?: Applied | undefined;
  readonly signer: string | undefined;
  readonly previousCommit: string | undefined;
  readonly written: boolean;
  /** When it began (of `performance.now()`). */
  readonly started: number;
}

/** What a sync did, or would do, in figures and names. */
export function summaryOf(
  { begun, local, plan, target, delivery, applied, signer, previousCommit, written, started }:
    SyncFacts,
): SyncSummary {
  const { ref, remote: { repository, http } } = begun;
  const left = new Set(applied?.left);
  const deleted = plan.deleted.filter((path) => !left.has(path));
  const kept = [...plan.kept, ...left].sort();
  const modes = plan.operations.filter((step) => step.do === "mode").map(({ path }) => path);
  const transports = [target, delivery].filter((way) => way !== undefined);
  return {
    repository,
    ref,
    commit: plan.target.commit,
    signer,
    previousCommit,
    changed: !isClean(plan),
    written,
    counts: {
      checked: local.checked,
      hashed: local.hashed,
      files: plan.files,
      added: plan.added.length,
      updated: plan.updated.length,
      modes: plan.modes.length,
      deleted: deleted.length,
      kept: kept.length,
      excluded: plan.excluded,
    },
    added: plan.added,
    updated: plan.updated,
    modes,
    deleted,
    kept,
    edited: applied?.edited ?? plan.edited,
    submodules: plan.submodules,
    backup: applied?.backup,
    bytes: http.bytes,
    requests: http.requests,
    seconds: (performance.now() - started) / 1000,
    transport: transports.map(({ transport }) => transport).join(", then "),
    reason: transports.map(({ reason }) => reason).join("; "),
  };
}
