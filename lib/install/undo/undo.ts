import type { Context } from "../../machine/context.ts";
import {
  linkAtomic,
  listIfExists,
  parentOf,
  readLinkIfExists,
  removeIfExists,
} from "../../machine/files/files.ts";
import { readHostName } from "../../machine/host_name.ts";
import { readHostRecord } from "../../machine/host_record.ts";
import { acquireLock } from "../../machine/lock.ts";
import { machineHas } from "../../machine/files/machine_files.ts";
import { places } from "../../machine/places.ts";
import { openStateFolder } from "../../machine/state_folder.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { recoverSourceTree } from "../../machine/tree/tree_recovery.ts";
import { bootDefault, currentSystem } from "../../nix/generations.ts";
import { returnToSystem } from "../../rebuild/activation/activate.ts";
import { guestProcesses } from "../../rebuild/activation/guests.ts";
import { requireGuestsUntouched } from "../../rebuild/activation/guests_question.ts";
import { returnMountedSystem } from "../../rebuild/activation/return_mounted.ts";
import { restoreAccounts, restoreDeclarations } from "../../machine/accounts/account_backup.ts";
import { revertSteps } from "../apply.ts";
import { putAwaySyncState } from "./sync_state.ts";
import { settleActivation } from "./unfinished.ts";
import {
  backupFolder,
  latestInstallation,
  readReceipts,
  type Receipt,
} from "../../machine/receipt.ts";
import { ownLine } from "../../machine/own_line.ts";

/** How to take an installation back. */
export interface UndoOptions {
  /** Go on although guests that run may be stopped. */
  readonly restartGuests: boolean;
}

/**
 * `--undo`: takes the last installation back. First the previous generation (by its store path, no
 * network), then the account files, then every file, byte for byte. What changed since is kept.
 * @throws ToolError exit 1 when there is nothing to undo, or the previous system cannot be brought back
 */
export async function undo(ctx: Context, options: UndoOptions): Promise<void> {
  using _lock = await acquireLock(ctx);
  using _state = openStateFolder(ctx);
  await settleActivation(ctx);
  await recoverSourceTree(ctx);
  const receipt = latestInstallation(readReceipts(ctx));
  if (receipt === undefined) {
    throw new ToolError("there is no installation to undo", {
      hint: "receipts of installations are in /var/lib/hyper-nixos/receipts",
    });
  }
  showUndo(ctx, receipt);
  const go = await ctx.ui.confirm({ message: "Undo it?", default: true, option: "--yes" });
  if (!go) return ctx.log.info("nothing was changed");
  await undoInstallation(ctx, receipt, options);
  const earlier = latestInstallation(readReceipts(ctx));
  if (earlier) {
    ctx.log.info(
      `an earlier installation, of ${earlier.startedAt}, is left; --undo again takes it back`,
    );
  }
}

/** Undoes an installation whose receipt is known; the caller holds the lock. */
export async function undoInstallation(
  ctx: Context,
  receipt: Receipt,
  options: UndoOptions,
): Promise<void> {
  // What stops it does so before anything is changed.
  const way = neededWay(ctx, receipt);
  if (way !== undefined && ctx.root.isRunning && currentSystem(ctx) !== way.runs) {
    await requireGuestsUntouched(ctx, way.runs, options.restartGuests, "undo it later");
  }
  await restoreDeclarations(ctx, receipt);
  if (way !== undefined) await bringBackSystem(ctx, way);
  for (const { path, keptNames } of await restoreAccounts(ctx, receipt)) {
    const kept = keptNames.length > 0
      ? `; changed since and left alone: ${keptNames.join(", ")}`
      : "";
    ctx.log.info(`${path} is as it was before the installation${kept}`);
  }
  putAwaySyncState(ctx, receipt);
  const base = baseFolder(ctx);
  const kept = revertSteps(ctx, receipt, "undoing", "undone");
  putFlakeLinkRight(ctx);
  ctx.log.info("undone: every file is as it was before the installation");
  for (const left of foldersLeft(ctx, receipt)) ctx.log.info(left);
  if (way !== undefined && base !== undefined) {
    ctx.log.info(
      `edits of ${base} since then are no part of the previous system: nixos-rebuild builds them`,
    );
  }
  for (const path of kept) ctx.log.info(`changed since the installation, kept in ${path}`);
  const guests = ctx.root.isRunning && !ctx.run.which("virsh") ? guestProcesses(ctx) : [];
  if (guests.length > 0) {
    ctx.log.warn(
      `these guests run on, and libvirt is gone that managed them: ${guests.join(", ")}`,
    );
  }
  const name = readHostName(ctx)?.name;
  if (ctx.root.isRunning && name !== undefined && name !== Deno.hostname()) {
    ctx.log.info(`the kernel goes by the name ${Deno.hostname()} until a reboot`);
  }
}

/** Where the owner's own configuration is; undefined where that is not known, or not on the disk. */
function baseFolder(ctx: Context): string | undefined {
  const host = readHostRecord(ctx);
  const base = typeof host === "object" ? host.base : null;
  return base?.kind === "channel" ? parentOf(base.configuration) : base?.directory;
}

/** Folders that the installation made, and that others have put something into: an activation of a tree, say. */
function foldersLeft(ctx: Context, receipt: Receipt): string[] {
  return receipt.steps.flatMap(({ kind, path, before }) => {
    const names = kind === "directory" && before?.kind === "absent"
      ? listIfExists(ctx.root.host(path))
      : [];
    return names.length === 0
      ? []
      : [`${path} stays, with what this installation did not make: ${names.join(", ")}`];
  });
}

/** Where the link of a generation leads (nix/module/installed.nix). */
const STATIC_FLAKE = "/etc/static/nixos/flake.nix";

/**
 * NixOS does not tidy /etc/nixos (setup-etc.pl): the link of the generation that is gone is left
 * behind, leading nowhere. An earlier installation that made the link by hand gets it back.
 */
function putFlakeLinkRight(ctx: Context): void {
  const path = ctx.root.host(places.flakeLink);
  if (readLinkIfExists(path) !== STATIC_FLAKE || machineHas(ctx, places.flakeLink)) return;
  const earlier = latestInstallation(readReceipts(ctx))?.steps
    .find((step) =>
      step.kind === "link" && step.path === places.flakeLink && step.state === "done"
    );
  if (earlier?.after) linkAtomic(earlier.after, path);
  else removeIfExists(path);
}

/** What ran and what was the boot default before an installation; the latter only where that changed it. */
interface WayBack {
  readonly runs: string | undefined;
  readonly boots: string | undefined;
}

type NeededWay = WayBack & { readonly runs: string };

function wayBack({ activated, previousSystem, previousDefault }: Receipt): WayBack {
  const runs = previousSystem ?? previousDefault ?? undefined;
  // A system that was the default as well becomes it again, whatever was done meanwhile.
  const isDefault = activated?.profileSet || previousSystem === previousDefault;
  return { runs, boots: isDefault ? previousDefault ?? runs : undefined };
}

/**
 * Undefined where nothing was activated, or all of it is as before.
 * @throws ToolError exit 1 where it is not known what there was before
 */
function neededWay(ctx: Context, receipt: Receipt): NeededWay | undefined {
  const { activated, previousSystem, previousDefault } = receipt;
  if (activated === null) return undefined;
  const runsAgain = !ctx.root.isRunning || currentSystem(ctx) === previousSystem;
  if (runsAgain && bootDefault(ctx) === previousDefault) return undefined;
  const { runs, boots } = wayBack(receipt);
  if (runs !== undefined) return { runs, boots };
  throw new ToolError("the receipt names no previous system to go back to", {
    hint: "choose an older generation in the boot menu, or: nixos-rebuild switch --rollback",
  });
}

async function bringBackSystem(ctx: Context, { runs, boots }: NeededWay): Promise<void> {
  if (!ctx.root.isRunning) {
    await returnMountedSystem(ctx, boots ?? runs);
    ctx.log.info(`${ctx.root.path} boots the previous system again: ${boots ?? runs}`);
    return;
  }
  if (boots === runs) return await goBack(ctx, runs, "switch");
  // What ran was no boot default: a system that was only tested.
  if (currentSystem(ctx) !== runs) await goBack(ctx, runs, "test");
  if (boots !== undefined) await goBack(ctx, boots, "boot");
}

async function goBack(
  ctx: Context,
  toplevel: string,
  action: "switch" | "test" | "boot",
): Promise<void> {
  const outcome = await returnToSystem(ctx, toplevel, { action, restartGuests: "asked" });
  if (outcome.kind === "failed" || outcome.kind === "went-back") {
    throw new ToolError(`the previous system was not brought back: ${outcome.message}`, {
      hint: `see ${outcome.log}; then run: ${ownLine(ctx, "system-installer", "--undo")}`,
    });
  }
  if (outcome.kind !== "activated") ctx.log.warn(outcome.message);
  ctx.log.info(
    action === "boot"
      ? `this boots again: ${toplevel}`
      : `the previous system runs again: ${toplevel}`,
  );
}

function showUndo(ctx: Context, receipt: Receipt): void {
  const changed = receipt.steps.filter(({ state }) => state === "done" || state === "doing");
  const { runs, boots } = wayBack(receipt);
  const lines = [
    `Undo the installation of ${receipt.startedAt} (${receipt.state})`,
    ...(receipt.activated && runs ? [`  bring back the system ${runs}`] : []),
    ...(receipt.activated && boots && boots !== runs ? [`  boot ${boots} again`] : []),
    ...(receipt.accountsSaved ? ["  give back passwd, shadow and group, line by line"] : []),
    ...changed.toReversed().map(({ path, before }) =>
      before?.kind === "absent" ? `  remove ${path}` : `  put back ${path}`
    ),
    `  (backups stay in ${backupFolder(receipt)})`,
  ];
  ctx.out.print(lines.join("\n"));
}
