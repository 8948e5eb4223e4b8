import { ExitCode } from "../machine/exit_code.ts";
import { session } from "../machine/accounts/session.ts";
import { requireDestination } from "../machine/ssh/connection.ts";
import { ToolError } from "../machine/tool_error.ts";
import { hasInterruptedChange, recoverSourceTree } from "../machine/tree/tree_recovery.ts";
import { showChanges } from "../nix/store/closure_diff.ts";
import type { EvaluatedHost } from "../nix/evaluation/read_configuration.ts";
import { dryActivate } from "../nix/activation/dry_activation.ts";
import { bootDefault, currentSystem, generationOf } from "../nix/generations.ts";
import type { Context } from "../machine/context.ts";
import { type ActivateOptions, activateSystem } from "./activation/activate.ts";
import { buildSystem, dryBuild } from "./building/build.ts";
import { activePath, chosenSpecialisation } from "./chosen_specialisation.ts";
import { settleEarlierActivation } from "./activation/earlier_activation.ts";
import { requireGuestsUntouched } from "./activation/guests_question.ts";
import { installSystem } from "./building/install_system.ts";
import { type Action, activates, type RebuildHooks, type RebuildOptions } from "./options.ts";
import type { ActivationOutcome } from "./activation/outcome.ts";
import { installationHooks } from "./receipt_hooks.ts";
import { buildOn } from "./remote/build_host.ts";
import { requireBuiltSystem } from "./judgement/built_system.ts";
import { requireJudgement } from "./judgement/required_judgement.ts";
import { sourceCommit } from "./building/source_commit.ts";
import { requireBootSpace, requireStoreSpace } from "./generations/space.ts";
import { findTarget, requireHardwareCopy } from "./target.ts";
import { keepUndeclared } from "./activation/undeclared_accounts.ts";

/** A system with its number in the profile; null for what is not known. */
export interface NumberedSystem {
  readonly generation: number | null;
  readonly toplevel: string | null;
}

/** What a rebuild did. */
export interface RebuildResult {
  readonly action: Action;
  /** Missing, as the host, for a ready-built system of which nothing more is known. */
  readonly flake?: string | undefined;
  readonly host?: string | undefined;
  /** The name of the specialisation that was activated; missing for the system itself. */
  readonly specialisation?: string | undefined;
  /** The options that were handed on to Nix, as they were typed. */
  readonly nixOptions?: readonly string[];
  /** The commit of the source, where it is known. */
  readonly commit?: string | undefined;
  readonly toplevel?: string | undefined;
  readonly log?: string | undefined;
  readonly before: NumberedSystem;
  readonly after: NumberedSystem;
  /** What changed in packages, where that can be said. */
  readonly changes?: string | undefined;
  readonly outcome?: ActivationOutcome | undefined;
}

/** Over SSH an activation is offered to go back by itself after so many seconds. */
const CONFIRM_OVER_SSH = 120;

/**
 * The one way from a configuration to a running system: finds the flake's host, proves that nobody is
 * locked out, builds, looks at the room and at running guests, activates and says how that ended. The
 * caller holds the machine's lock when it is root.
 * @throws ToolError before anything was activated: 1 in use or no room, 2 a tool is missing, 3 not
 *   root, 4 what cannot be asked for, 5 network, 6 configuration (no such host, does not evaluate, or
 *   would lock people out); how an activation ended is in the result
 */
export async function rebuildSystem(
  ctx: Context,
  options: RebuildOptions,
): Promise<RebuildResult> {
  refuseOnMounted(ctx, options);
  if (options.buildHost !== undefined) requireDestination(ctx, options.buildHost, "--build-host");
  requireTools(ctx, options.action);
  await requireWholeTree(ctx);
  if (Deno.uid() === 0 && ctx.root.isRunning) await settleEarlierActivation(ctx);
  const target = await findTarget(ctx, options);
  requireHardwareCopy(ctx, target);
  const build = { ...target, buildFlags: options.handed?.buildFlags ?? [] };
  const { action, buildHost } = options;
  const { flake: { url: flake }, host } = target;
  const running = numbered(ctx, currentSystem(ctx));
  const result: RebuildResult = {
    action,
    flake,
    host,
    before: running,
    after: running,
    nixOptions: options.handed?.words ?? [],
    commit: await sourceCommit(ctx, target.flake),
  };
  if (action === "dry-build") {
    await dryBuild(ctx, build);
    return result;
  }
  requireStoreSpace(ctx);
  const chosen = chosenSpecialisation(ctx, action, options.specialisation);
  const judged = activates(action)
    ? await requireJudgement(ctx, target, action, chosen, options.running)
    : undefined;
  const hooks = options.hooks ?? (activates(action) ? installationHooks(ctx, target) : {});
  if (!ctx.root.isRunning && activates(action)) {
    await hooks.activating?.({ action, toplevel: undefined });
    await keepUndeclared(ctx, judged?.active.facts);
    const { log } = await installSystem(ctx, build);
    const toplevel = bootDefault(ctx);
    await hooks.built?.();
    await hooks.activated?.({ action, toplevel });
    return { ...result, log, toplevel, after: numbered(ctx, toplevel) };
  }
  const { toplevel, log } = buildHost === undefined
    ? await buildSystem(ctx, build)
    : await buildOn(ctx, buildHost, build, { fetch: action !== "build" });
  const active = activePath(ctx, toplevel, chosen);
  requireProven(ctx, judged?.active, active, options);
  requireProven(ctx, judged?.base, toplevel, options);
  await hooks.built?.();
  const changes = await showChanges(ctx, active);
  const built = { ...result, toplevel, log, changes, specialisation: chosen?.name };
  if (activates(action)) {
    const source = { flake, host, commit: recordedCommit(result.commit, options) };
    const known = (host: EvaluatedHost) => ({ ...source, ...host });
    return await activateBuilt(ctx, options, {
      built,
      active,
      hooks,
      record: known(judged!.active),
      recordOfBase: judged?.base && known(judged.base),
    });
  }
  if (action === "dry-activate") await showDryActivation(ctx, active);
  return { ...built, after: numbered(ctx, toplevel) };
}

/** The commit that a built system is recorded with; with another input than its lock file says, it is none. */
export function recordedCommit(
  commit: string | undefined,
  { handed }: Pick<RebuildOptions, "handed">,
): string | null {
  return Object.keys(handed?.inputs ?? {}).length > 0 ? null : commit ?? null;
}

/** A system that was built and proven. */
interface Built extends Pick<ActivateOptions, "record" | "recordOfBase"> {
  readonly built: RebuildResult & { readonly toplevel: string };
  /** What is to run: it, or its specialisation. */
  readonly active: string;
  readonly hooks: RebuildHooks;
}

/**
 * The end of the one way: looks at what was built, at the room on /boot and at running guests, activates,
 * and says how that ended.
 * @throws ToolError as {@link rebuildSystem}
 */
export async function activateBuilt(
  ctx: Context,
  { confirm, restartGuests }: Pick<RebuildOptions, "confirm" | "restartGuests">,
  { built, active, hooks, record, recordOfBase }: Built,
): Promise<RebuildResult> {
  const { toplevel, log, specialisation } = built;
  await requireBuiltSystem(ctx, active, record?.facts);
  if (active !== toplevel) await requireBuiltSystem(ctx, toplevel, recordOfBase?.facts);
  const action = built.action as "test" | "switch" | "boot";
  if (action !== "test") await requireBootSpace(ctx, toplevel);
  if (action !== "boot") await requireGuestsUntouched(ctx, active, restartGuests);
  const seconds = await confirmSeconds(ctx, confirm, action);
  await hooks.activating?.({ action, toplevel });
  const outcome = await activateSystem(ctx, {
    toplevel,
    specialisation,
    action,
    log,
    confirmSeconds: seconds,
    record,
    recordOfBase,
  });
  await hooks.activated?.({ action, toplevel });
  const after = numbered(ctx, outcome.isActive ? active : currentSystem(ctx));
  return { ...built, after, outcome };
}

/** Over SSH a change that cuts the line off should undo itself. */
export async function confirmSeconds(
  ctx: Context,
  named: number | undefined,
  action: Action,
): Promise<number> {
  if (named !== undefined || action === "boot") return named ?? 0;
  if (!ctx.ui.interactive || session(ctx).kind !== "ssh") return 0;
  const wanted = await ctx.ui.confirm({
    message: `You are here over SSH. Go back by itself unless you confirm within ` +
      `${CONFIRM_OVER_SSH} seconds?`,
    option: "--confirm",
    default: true,
  });
  return wanted ? CONFIRM_OVER_SSH : 0;
}

/**
 * Shows what an activation would do.
 * @throws ToolError when the system does not say it
 */
export async function showDryActivation(ctx: Context, toplevel: string): Promise<void> {
  const dry = await dryActivate(ctx, toplevel, (line) => ctx.out.print(line));
  if (dry === undefined) {
    throw new ToolError("the new system does not say what its activation would do", {
      hint: `see what it says: ${toplevel}/bin/switch-to-configuration dry-activate`,
    });
  }
}

/** Options of {@link HandedOptions} that nixos-install knows, besides settings (nixos-install(8)). */
const INSTALLS_WITH = ["--no-registries", "--no-update-lock-file", "--no-write-lock-file"];

function refuseOnMounted(ctx: Context, { action, handed }: RebuildOptions): void {
  if (ctx.root.isRunning) return;
  if (action === "test" || action === "dry-activate") {
    throw new ToolError(`${action} needs a running machine, ${ctx.root.path} is a mounted one`, {
      code: ExitCode.InvalidArguments,
      hint: "use build, or switch, which installs it with nixos-install",
    });
  }
  const unknown = [...handed?.flags ?? [], ...handed?.buildFlags ?? []]
    .find((option) => activates(action) && !INSTALLS_WITH.includes(option));
  if (unknown === undefined) return;
  throw new ToolError(`nixos-install, which installs a mounted machine, does not know ${unknown}`, {
    code: ExitCode.InvalidArguments,
    hint: "leave it out; settings (--option NAME VALUE) are handed on",
  });
}

/**
 * What is activated must be what the proofs looked at. A configuration that reads the time or what is
 * edited meanwhile differs; where options were handed on, a nixos-rebuild that dropped one would differ, too.
 */
export function requireProven(
  ctx: Context,
  evaluated: EvaluatedHost | undefined,
  toplevel: string,
  { handed }: Pick<RebuildOptions, "handed">,
): void {
  const proven = evaluated?.identity.toplevel;
  if (typeof proven !== "string" || !proven.startsWith("/nix/store/") || proven === toplevel) {
    return;
  }
  if (handed === undefined || handed.words.length === 0) {
    return ctx.log.warn(`what was built (${toplevel}) is not what was proven (${proven})`);
  }
  throw new ToolError(`what was built (${toplevel}) is not what was proven (${proven})`, {
    code: ExitCode.Configuration,
    hint:
      "nothing was activated; run it again, and if it stays so this nixos-rebuild does not hand on " +
      "all of the options after --: leave them out one by one",
  });
}

function requireTools(ctx: Context, action: Action): void {
  const onlyBuilds = action === "build" || action === "dry-build";
  const needed = [
    "nix",
    ...(onlyBuilds ? [] : [ctx.root.isRunning ? "nixos-rebuild" : "nixos-install"]),
  ];
  const missing = needed.filter((command) => ctx.run.which(command) === undefined);
  if (missing.length === 0) return;
  throw new ToolError(`${missing.join(" and ")} not found`, {
    code: ExitCode.MissingDependency,
    hint:
      "on NixOS they are always there: is PATH as it should be? For another machine: --target-host",
  });
}

/** A source tree that an interrupted sync left half-way is finished first: one commit, whole. */
async function requireWholeTree(ctx: Context): Promise<void> {
  if (Deno.uid() === 0) {
    await recoverSourceTree(ctx);
    return;
  }
  if (!hasInterruptedChange(ctx)) return;
  throw new ToolError("an update of the source tree was interrupted and has to be finished first", {
    code: ExitCode.PermissionDenied,
    hint: "run this, or smart-sync, as root",
  });
}

/** A system with the number of its generation, if it has one. */
export function numbered(ctx: Context, toplevel: string | undefined): NumberedSystem {
  return {
    generation: toplevel === undefined ? null : generationOf(ctx, toplevel) ?? null,
    toplevel: toplevel ?? null,
  };
}
