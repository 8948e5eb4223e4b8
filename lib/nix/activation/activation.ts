import { ExitCode } from "../../machine/exit_code.ts";
import { DECLARED_FOLDER } from "../../machine/accounts/declared_accounts.ts";
import { ensureDirectory, removeIfExists, writeFileAtomic } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { ensureStateFolder } from "../../machine/state_folder.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { type ActivationPlan, activationScript } from "./activation_script.ts";
import { hasSystemd, SHELL, startSession, startUnit } from "./activation_start.ts";
import {
  activationFiles,
  type ActivationHead,
  activationIds,
  bootId,
  newActivationId,
} from "./activation_status.ts";
import { failedUnits } from "./failed_units.ts";
import { bootDefault, currentSystem, generationOf } from "../generations.ts";
import { requireSystem } from "../store/system_closure.ts";

/** An activation that takes longer, in seconds, is taken for hung when somebody must confirm it. */
const HUNG_AFTER = 900;
/** Records of this many activations are kept. */
const KEPT = 20;

/** What to activate. */
export interface ActivationRequest {
  readonly toplevel: string;
  /** What becomes the boot default: the system that `toplevel` is a specialisation of, or itself. */
  readonly base: string;
  readonly action: "test" | "switch" | "boot";
  /** Seconds to wait for a confirmation; 0 for none. */
  readonly confirmSeconds: number;
  /** The system that going back activates; what runs now when not given. */
  readonly previous?: string | undefined;
  /**
   * Whether the profile gets a new generation, or the newest one that the system has already: for
   * going back, so that the numbers stay what people remember.
   */
  readonly generation: "new" | "existing";
  /** Where the account files are saved as the activation leaves them (host path); nowhere otherwise. */
  readonly accountsAfter?: string | undefined;
  /** The file that the output is appended to (machine path); one beside the status when not given. */
  readonly log?: string | undefined;
  /** Kept beside the status, for whoever reports how it ended. */
  readonly record?: string | undefined;
}

/**
 * Starts an activation that goes on by itself, whatever happens to this program: in a transient
 * systemd unit where systemd runs the machine, in a session of its own elsewhere. Passes the point of no
 * return.
 * @returns what its status begins with
 * @throws ToolError when the system is incomplete (6), nix-env missing (2), the state folder unsafe (3),
 *   or another activation is running (1); the signal's reason when one came before the start
 */
export async function startActivation(
  ctx: Context,
  request: ActivationRequest,
): Promise<ActivationHead> {
  requireSystem(ctx, request.toplevel);
  requireSystem(ctx, request.base);
  ensureStateFolder(ctx);
  ensureDirectory(ctx.root.host(places.activations), 0o700);
  const id = newActivationId(ctx);
  const script = ctx.root.host(activationFiles(id).script);
  const plan = activationPlan(ctx, id, request, await failedUnits(ctx));
  writeFileAtomic(script, activationScript(plan), { mode: 0o700 });
  if (request.record !== undefined) {
    writeFileAtomic(ctx.root.host(activationFiles(id).record), request.record, { mode: 0o600 });
  }
  removeOldRecords(ctx);
  ctx.signal.throwIfAborted();
  ctx.passPointOfNoReturn();
  const environment = activationEnvironment(ctx);
  const goBackWithin = request.confirmSeconds > 0 ? HUNG_AFTER : undefined;
  const started = hasSystemd(ctx) && await startUnit(ctx, script, environment, goBackWithin);
  if (!started) await startSession(script, environment, plan.status);
  return plan;
}

/**
 * Goes back from an activation that was to be confirmed and whose script was killed, where systemd did
 * not do so already.
 */
export async function recoverActivation(ctx: Context, id: string): Promise<void> {
  const script = ctx.root.host(activationFiles(id).script);
  await ctx.run(SHELL, [script, "recover"], { accept: "any", signal: null });
}

function activationPlan(
  ctx: Context,
  id: string,
  request: ActivationRequest,
  failedBefore: string[],
): ActivationPlan {
  const files = activationFiles(id);
  const { action, toplevel, base, confirmSeconds } = request;
  const previous = request.previous ?? currentSystem(ctx) ?? null;
  const previousDefault = bootDefault(ctx) ?? null;
  if (confirmSeconds > 0 && previous === null) {
    throw new ToolError("there is no running system to go back to", {
      hint: "activate it without --confirm",
    });
  }
  return {
    version: 1,
    id,
    action,
    toplevel,
    base,
    previous,
    previousDefault,
    bootId: bootId(ctx),
    failedBefore,
    confirmSeconds,
    hungAfter: HUNG_AFTER,
    setProfile: setProfileCommand(ctx, base, request.generation),
    restoreProfile: previousDefault === null
      ? []
      : setProfileCommand(ctx, previousDefault, "existing"),
    log: ctx.root.host(request.log ?? files.log),
    status: ctx.root.host(files.status),
    confirmed: ctx.root.host(files.confirmed),
    etc: ctx.root.host("/etc"),
    declarations: ctx.root.follow(DECLARED_FOLDER),
    keptDeclarations: ctx.root.host(files.declarations),
    accountsAfter: request.accountsAfter,
  };
}

function setProfileCommand(
  ctx: Context,
  toplevel: string,
  which: ActivationRequest["generation"],
): string[] {
  const nixEnv = ctx.run.which("nix-env");
  if (nixEnv === undefined) {
    throw new ToolError('command "nix-env" not found', {
      code: ExitCode.MissingDependency,
      hint: "it sets the system profile; it belongs to Nix",
    });
  }
  const profile = ctx.root.host(places.systemProfile);
  const generation = which === "new" ? undefined : generationOf(ctx, toplevel);
  return generation === undefined
    ? [nixEnv, "-p", profile, "--set", toplevel]
    : [nixEnv, "-p", profile, "--switch-generation", String(generation)];
}

/** What nixos-rebuild gives switch-to-configuration, and the PATH that the script's own commands need. */
function activationEnvironment(ctx: Context): Record<string, string> {
  const { LOCALE_ARCHIVE, NIXOS_NO_CHECK } = ctx.env;
  return {
    PATH: ctx.run.env.PATH ?? "",
    NIXOS_INSTALL_BOOTLOADER: "0",
    ...(LOCALE_ARCHIVE === undefined ? {} : { LOCALE_ARCHIVE }),
    ...(NIXOS_NO_CHECK === undefined ? {} : { NIXOS_NO_CHECK }),
  };
}

function removeOldRecords(ctx: Context): void {
  for (const id of activationIds(ctx).slice(0, -KEPT)) {
    for (const path of Object.values(activationFiles(id))) removeIfExists(ctx.root.host(path));
  }
}
