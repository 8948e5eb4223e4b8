import { readReceipts, unfinishedInstallation } from "../../machine/receipt.ts";
import { listIfExists } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { sourceTree, stagingFolders } from "../../machine/tree/source_tree.ts";
import { hasInterruptedChange, recoverSourceTree } from "../../machine/tree/tree_recovery.ts";
import { unfinishedActivation } from "../../nix/activation/activation_progress.ts";
import type { Context } from "../../machine/context.ts";
import { type Change, checksOf, fail, type Finding, pass, skip, warn } from "../check.ts";

/** Work that was cut off, by a kill or a power cut. */
export const interruptedChecks = checksOf("Core Directories", [
  {
    id: "interrupted-sync",
    title: "interrupted sync",
    check: interruptedSync,
    fix: finishSync,
  },
  {
    id: "unfinished-install",
    title: "unfinished install",
    blocksUpdate: true,
    check: unfinishedInstall,
  },
  {
    id: "unreported-activation",
    group: "System Services",
    title: "last activation",
    severity: "warning",
    check: activation,
  },
]);

function interruptedSync(ctx: Context): Finding {
  const left = stagingFolders(sourceTree(ctx));
  // Who may not look is told so here; hasInterruptedChange would say no.
  left.forEach(listIfExists);
  if (hasInterruptedChange(ctx)) {
    return fail(
      "an update of the source tree was cut off: it may be half of two commits",
      "validator --fix, or smart-sync: both finish it first",
      left,
    );
  }
  return left.length === 0 ? pass("none") : warn(
    "an update that was cut off before it changed anything left files",
    "validator --fix",
    left,
  );
}

/** What was decided is finished, what was only staged is discarded: the tree is one commit, whole. */
async function finishSync(ctx: Context): Promise<Change[]> {
  const { finished, discarded } = await recoverSourceTree(ctx);
  if (finished + discarded === 0) return [];
  const after = finished > 0 ? "finished" : "staged files removed";
  return [{ what: ctx.root.host(places.source), before: "update cut off", after }];
}

function unfinishedInstall(ctx: Context): Finding {
  const receipts = readReceipts(ctx);
  const cutOff = unfinishedInstallation(receipts);
  if (cutOff) {
    return fail(
      `the installation of ${cutOff.startedAt} was cut off while ${cutOff.state}`,
      "system-installer offers to finish or to revert it",
    );
  }
  const last = receipts.at(-1);
  return last === undefined ? skip("no receipt of an installation") : pass(
    `none; installed ${last.startedAt.slice(0, 10)} (${last.state})`,
  );
}

async function activation(ctx: Context): Promise<Finding> {
  const found = await unfinishedActivation(ctx);
  if (found === undefined) return pass("none is under way or unreported");
  const { status, running } = found;
  return running
    ? warn(`a ${status.action} is under way (${status.phase})`, "wait until it has finished")
    : warn(
      `nobody has been told how a ${status.action} ended (${status.phase})`,
      "any rebuild-helper command reports it first",
    );
}
