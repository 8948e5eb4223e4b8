import {
  accountsAfterFolder,
  restoreAccounts,
  saveAccountsAfter,
  saveAccountsBefore,
} from "../../machine/accounts/account_backup.ts";
import { readTextIfExists } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { presentInstallation } from "../../machine/receipt.ts";
import { commandLine } from "../../machine/shell_words.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import {
  type ActivationRequest,
  recoverActivation,
  startActivation,
} from "../../nix/activation/activation.ts";
import { followActivation, markReported } from "../../nix/activation/activation_progress.ts";
import {
  activationFiles,
  type ActivationStatus,
  neverStarted,
  readActivationStatus,
} from "../../nix/activation/activation_status.ts";
import { failedUnits, unitsNamedAsFailed } from "../../nix/activation/failed_units.ts";
import { currentSystem, generationOf } from "../../nix/generations.ts";
import { specialisedOf } from "../../nix/running_specialisation.ts";
import { specialisationPath } from "../../nix/specialisation.ts";
import { needsRebootFor } from "../../nix/store/system_closure.ts";
import { awaitConfirmation } from "./confirmation.ts";
import { requireGuestsUntouched } from "./guests_question.ts";
import { type ActivationOutcome, outcomeOf } from "./outcome.ts";
import { systemBefore } from "./previous_system.ts";
import { recordSystem, type SystemRecord, systemRecord } from "../../nix/system_record.ts";
import { keepUndeclared } from "./undeclared_accounts.ts";

/** What to activate, and how carefully. */
export interface ActivateOptions extends Pick<ActivationRequest, "action" | "log"> {
  /** The system's store path, or that of a specialisation whose system is known. */
  readonly toplevel: string;
  /** The name of its specialisation that is to run; never for `boot`, which runs nothing now. */
  readonly specialisation?: string | undefined;
  /** Go back by itself unless confirmed within this many seconds; not for `boot`. */
  readonly confirmSeconds?: number | undefined;
  /** A new one when not given. */
  readonly generation?: ActivationRequest["generation"];
  /** Where the system came from, remembered when its activation succeeds; see `systemRecord`. */
  readonly record?: Known | undefined;
  /** The same of the system that what runs then is a specialisation of. */
  readonly recordOfBase?: Known | undefined;
}

type Known = Omit<SystemRecord, "version" | "activated" | "toplevel">;

/**
 * Activates a built system. From its start on nothing reverts or ends because of a signal, and the
 * activation goes on when this program or its terminal is gone: see `activation_script.ts` for its
 * order and what it guarantees.
 * @throws ToolError when it could not be started; the signal's reason when one came before the start. How
 *   a started activation ended is the result
 */
export async function activateSystem(
  ctx: Context,
  options: ActivateOptions,
): Promise<ActivationOutcome> {
  const confirmSeconds = options.action === "boot" ? 0 : options.confirmSeconds ?? 0;
  const logFrom = options.log === undefined ? 0 : sizeOf(ctx.root.host(options.log));
  const accountsAfter = await saveAccounts(ctx, options.action);
  const { base, toplevel, specialisation } = partsOf(ctx, options);
  const facts = options.record?.facts ?? systemRecord(ctx, toplevel)?.facts;
  await keepUndeclared(ctx, facts);
  const head = await startActivation(ctx, {
    toplevel,
    base,
    action: options.action,
    confirmSeconds,
    previous: systemBefore(ctx, toplevel, options.action),
    generation: options.generation ?? "new",
    accountsAfter,
    log: options.log,
    record: options.record === undefined ? undefined : JSON.stringify([
      { ...(specialisation && { specialisation }), ...options.record, toplevel },
      ...(options.recordOfBase ? [{ ...options.recordOfBase, toplevel: base }] : []),
    ]),
  });
  const { id } = head;
  const output: string[] = [];
  const confirmation = awaitConfirmation(ctx, id, confirmSeconds);
  const watch = {
    logFrom,
    onLine: (line: string) => {
      output.push(line);
      ctx.out.print(line);
    },
    onStatus: confirmation.onStatus,
  };
  let status = await followActivation(ctx, id, head.log, watch);
  confirmation.end();
  if (confirmSeconds > 0 && status !== undefined && status.phase !== "done") {
    ctx.log.warn("the activation was ended before it was confirmed: going back");
    await recoverActivation(ctx, id);
    status = readActivationStatus(ctx, id);
  }
  return await concludeActivation(ctx, status ?? neverStarted(head), output.join("\n"));
}

/**
 * Brings a system back that this machine has already: by its store path, with no build and no
 * network. Its generation becomes the boot default again. Guests that run are asked about first.
 * @throws as {@link activateSystem} and `requireGuestsUntouched`
 */
export async function returnToSystem(
  ctx: Context,
  toplevel: string,
  options: Omit<ActivateOptions, "toplevel" | "action" | "record"> & {
    readonly action?: ActivateOptions["action"];
    /** Go on although guests that run may be stopped; `asked`: the caller has looked at them. */
    readonly restartGuests?: boolean | "asked";
  } = {},
): Promise<ActivationOutcome> {
  const { action = "switch", restartGuests = false, ...others } = options;
  if (action !== "boot" && restartGuests !== "asked") {
    const active = partsOf(ctx, { ...others, toplevel, action }).toplevel;
    await requireGuestsUntouched(ctx, active, restartGuests);
  }
  const outcome = await activateSystem(ctx, {
    action,
    generation: "existing",
    ...others,
    toplevel,
  });
  // It is new to nobody.
  const message = outcome.message.replace(/^the new system runs/, "the previous system runs again")
    .replace(/starts the new system$/, "starts the previous system");
  return { ...outcome, message };
}

/**
 * Says what an ended activation means on this machine now, and remembers that it was said, if anybody is
 * there to hear it: a system that was activated is recorded with where it came from.
 */
export async function concludeActivation(
  ctx: Context,
  status: ActivationStatus,
  output: string,
): Promise<ActivationOutcome> {
  const outcome = await judge(ctx, status, output);
  const record = readTextIfExists(ctx.root.host(activationFiles(status.id).record));
  if (outcome.kind === "went-back") await returnAccounts(ctx);
  if (outcome.isActive && record !== undefined) {
    // An older version kept one record, not a list.
    for (const one of [JSON.parse(record)].flat()) recordSystem(ctx, one);
  }
  // The next run says it, where nobody heard this one.
  if (ctx.out.isHeard) markReported(ctx, status.id);
  return outcome;
}

/**
 * NixOS leaves members in a group that no configuration puts there any more (update-users-groups.pl,
 * `mutableUsers`): whoever an installation made an administrator would stay one on the system of before it.
 */
async function returnAccounts(ctx: Context): Promise<void> {
  const installation = presentInstallation(ctx);
  if (installation === undefined || currentSystem(ctx) !== installation.previousSystem) return;
  try {
    for (const { path, keptNames } of await restoreAccounts(ctx, installation)) {
      const kept = keptNames.length === 0 ? "" : `; changed since: ${keptNames.join(", ")}`;
      ctx.log.info(`${path} is as it was before the installation${kept}`);
    }
    await saveAccountsAfter(ctx, installation);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    ctx.log.warn(`groups that were given stay until system-installer --undo: ${error.message}`);
  }
}

async function judge(
  ctx: Context,
  status: ActivationStatus,
  output: string,
): Promise<ActivationOutcome> {
  const now = new Set([...await failedUnits(ctx), ...unitsNamedAsFailed(output)]);
  const newFailedUnits = [...now].filter((unit) => !status.failedBefore.includes(unit)).sort();
  const wentBack = status.goBackCode === 0;
  return outcomeOf(status, {
    newFailedUnits: wentBack ? [] : newFailedUnits,
    rebootNeededFor: wentBack ? [] : needsRebootFor(ctx, status.toplevel),
    rollbackCommand: wentBack ? undefined : rollbackCommand(ctx, status),
    output,
  });
}

/** What is to run, and the system that becomes the boot default with it. */
function partsOf(ctx: Context, { toplevel, specialisation: name, action }: ActivateOptions) {
  const own = name === undefined ? specialisedOf(ctx, toplevel) : { base: toplevel, name };
  if (own === undefined) return { base: toplevel, toplevel };
  if (action === "boot") return { base: own.base, toplevel: own.base };
  const { base } = own;
  return {
    base,
    toplevel: specialisationPath(ctx, base, own.name) ?? toplevel,
    specialisation: own,
  };
}

/** The exact command that brings the previous system back, without this toolkit and the network. */
function rollbackCommand(ctx: Context, status: ActivationStatus): string | undefined {
  const { previous } = status;
  // A system that was the boot default already and is the only one known has nothing before it.
  if (previous === null || previous === status.toplevel) return undefined;
  const become = (system: string, action: string) =>
    commandLine("sudo", [`${system}/bin/switch-to-configuration`, action]);
  if (status.action === "test") return become(previous, "test");
  const base = specialisedOf(ctx, previous)?.base ?? previous;
  const generation = generationOf(ctx, base);
  const choice = generation === undefined
    ? ["--set", base]
    : ["--switch-generation", String(generation)];
  const set = commandLine("sudo", ["nix-env", "-p", places.systemProfile, ...choice]);
  // The boot menu is the base's, also where a specialisation of it is to run.
  const steps = base === previous
    ? [become(previous, status.action)]
    : [become(previous, "test"), become(base, "boot")];
  return [set, ...steps].join(" && ");
}

/**
 * Saves the account files for an undoing of the installation that this machine has, if any.
 * @returns where the activation saves what it left of them
 */
async function saveAccounts(
  ctx: Context,
  action: ActivateOptions["action"],
): Promise<string | undefined> {
  const installation = action === "boot" ? undefined : presentInstallation(ctx);
  if (installation === undefined) return undefined;
  await saveAccountsBefore(ctx, installation);
  return accountsAfterFolder(ctx, installation);
}

function sizeOf(path: string): number {
  return new TextEncoder().encode(readTextIfExists(path) ?? "").length;
}
