import { ExitCode } from "../machine/exit_code.ts";
import { acquireLock } from "../machine/lock.ts";
import { ToolError } from "../machine/tool_error.ts";
import { withBinaryCache } from "../nix/binary_cache.ts";
import { type Generation, generations, runningOutsideProfile } from "../nix/generations.ts";
import { type HandedOptions, handedOptions } from "./handed_options.ts";
import { withNixSettings } from "../nix/nix_settings.ts";
import type { Context } from "../machine/context.ts";
import { returnToSystem } from "./activate.ts";
import { carriedCache } from "./build/carried_cache.ts";
import { activePath, chosenSpecialisation } from "./chosen_specialisation.ts";
import { cleanGenerations } from "./clean.ts";
import { CLEAN_DEFAULTS, type CleanEntry, cleanPlan, type CleanRule } from "./clean_plan.ts";
import { confirmEarlierActivation, settleEarlierActivation } from "./earlier_activation.ts";
import {
  cleaningDocument,
  generationsDocument,
  outcomeDocument,
  rebuildDocument,
} from "./documents.ts";
import { activateReady } from "./ready_system.ts";
import { offerNextStep } from "./next_step.ts";
import { type Action, activates, type RebuildOptions } from "./options.ts";
import type { ActivationOutcome } from "./outcome.ts";
import { generationBefore } from "./previous_system.ts";
import { confirmSeconds, rebuildSystem } from "./rebuild_system.ts";
import { renderGenerations, reportOutcome, reportRebuild } from "./report.ts";

/** What `rebuild-helper` was started for, besides rebuilding. */
export interface HelperOptions extends Omit<RebuildOptions, "action" | "handed"> {
  readonly action?: RebuildOptions["action"] | undefined;
  readonly json: boolean;
  /** A system that is built already: a store path or a link to it. */
  readonly storePath?: string | undefined;
  /** What was evaluated of it; see `activateReady`. */
  readonly evaluated?: string | undefined;
  /** What stood after `--`: options for Nix. */
  readonly handedOn: readonly string[];
  readonly listGenerations: boolean;
  readonly rollback: boolean;
  readonly confirmed: boolean;
  /** The number of the generation that a rollback leads to; the previous one when not given. */
  readonly to?: number | undefined;
  readonly clean: boolean;
  readonly keep?: number | undefined;
  /** Days. */
  readonly keepSince?: number | undefined;
}

/**
 * Does what one start of `rebuild-helper` asks for, and reports it.
 * @returns the exit code
 * @throws ToolError as `rebuildSystem`; exit 4 for a command line that asks for nothing or for two things
 */
export async function rebuildHelper(ctx: Context, options: HelperOptions): Promise<ExitCode> {
  requireOneTask(options);
  if (options.listGenerations) return await listGenerations(ctx, options);
  if (options.confirmed) {
    return report(ctx, options, await confirmEarlierActivation(ctx));
  }
  using _lock = Deno.uid() === 0 ? await acquireLock(ctx) : undefined;
  if (options.clean) {
    const cleaning = await cleanGenerations(ctx, cleanRule(options));
    if (options.json) ctx.out.json(cleaningDocument(cleaning));
    return ExitCode.Success;
  }
  if (options.rollback) return report(ctx, options, await rollBack(ctx, options));
  const { building, handed } = forBuilding(ctx, options);
  const { action = "build", storePath } = options;
  const result = storePath === undefined
    ? await rebuildSystem(building, { ...options, handed, action })
    : await activateReady(ctx, { ...options, action, storePath });
  reportRebuild(ctx, result);
  const outcome = result.outcome && await offerNextStep(ctx, result.outcome);
  if (options.json) ctx.out.json(rebuildDocument(ctx, { ...result, outcome }));
  return outcome?.exitCode ?? result.exitCode;
}

/** What evaluation and build are given of the command line, and the context in which both run. */
export function forBuilding(
  ctx: Context,
  { handedOn, showTrace }: Pick<HelperOptions, "handedOn" | "showTrace">,
): { readonly building: Context; readonly handed: HandedOptions } {
  const handed = handedOptions(handedOn);
  const building = withNixSettings(withBinaryCache(ctx, carriedCache(ctx)), [
    ...(showTrace ? ["show-trace = true"] : []),
    ...handed.settings,
  ]);
  return { building, handed };
}

/** @throws ToolError exit 4 for a command line that asks for nothing or for two things */
export function requireOneTask(options: HelperOptions): void {
  const tasks = [
    options.listGenerations ? "--list-generations" : undefined,
    options.confirmed ? "--confirmed" : undefined,
    options.rollback ? "--rollback" : undefined,
    options.clean ? "--clean" : undefined,
  ].filter((task) => task !== undefined);
  const refuse = (message: string, hint: string) => {
    throw new ToolError(message, { code: ExitCode.InvalidArguments, hint });
  };
  if (tasks.length > 1) refuse(`${tasks.join(" and ")} exclude each other`, "choose one of them");
  if (tasks.length === 0 && options.action === undefined) {
    refuse("no action was named", "for example: rebuild-helper build; see rebuild-helper --help");
  }
  const { action } = options;
  if (tasks.length > 0 && options.handedOn.length > 0) {
    refuse(`${tasks[0]} hands nothing on to Nix`, `leave out -- ${options.handedOn.join(" ")}`);
  }
  if (action !== undefined && (options.listGenerations || options.confirmed || options.clean)) {
    refuse(`${tasks[0]} takes no action`, `leave out ${action}`);
  }
  if (options.rollback && action !== undefined && !activates(action)) {
    refuse(`--rollback cannot ${action}`, "use --rollback with test, switch or boot");
  }
  if (
    options.confirm !== undefined && action !== "test" && action !== "switch" && !options.rollback
  ) {
    refuse("--confirm goes with test and switch", "leave it out");
  }
  if (options.to !== undefined && !options.rollback) {
    refuse(
      "--to goes with --rollback",
      `for example: rebuild-helper --rollback --to ${options.to}`,
    );
  }
  if (options.storePath === undefined) {
    if (options.evaluated !== undefined) {
      refuse("--evaluated goes with --store-path", "leave it out");
    }
  } else if (
    tasks.length > 0 || options.flake !== undefined || options.host !== undefined ||
    options.handedOn.length > 0
  ) {
    refuse(
      "--store-path names the whole system and takes an action only",
      "for example: rebuild-helper --store-path ./result --confirm 120 switch",
    );
  }
  if (options.buildHost !== undefined && (tasks.length > 0 || options.storePath !== undefined)) {
    refuse("--build-host goes with an action that builds", "leave it out: nothing is built");
  }
  if (options.buildHost !== undefined && action === "dry-build") {
    refuse("dry-build cannot say what --build-host would build", "use build, it activates nothing");
  }
  const runsNow = action === "test" || action === "switch" || action === "dry-activate";
  if (
    typeof options.specialisation === "string" && !runsNow &&
    !(options.rollback && action === undefined)
  ) {
    refuse(
      "--specialisation goes with test, switch and dry-activate",
      "leave it out: a build makes all of them, and the next boot starts the system itself",
    );
  }
  const rule = options.keep !== undefined || options.keepSince !== undefined;
  if (rule && !options.clean && !options.listGenerations) {
    refuse(
      "--keep and --keep-since go with --clean and --list-generations",
      "for example: rebuild-helper --clean --keep 5",
    );
  }
}

function cleanRule({ keep, keepSince }: HelperOptions): CleanRule {
  return {
    keep: keep ?? CLEAN_DEFAULTS.keep,
    keepSince: keepSince ?? CLEAN_DEFAULTS.keepSince,
  };
}

async function listGenerations(ctx: Context, options: HelperOptions): Promise<ExitCode> {
  const all = generations(ctx);
  const running = runningOutsideProfile(ctx, all);
  const entries = await readableCleanPlan(ctx, all, cleanRule(options));
  const cleaned = entries?.filter(({ kept }) => kept.length === 0) ?? [];
  const numbers = cleaned.map(({ generation }) => generation.number);
  if (options.json) ctx.out.json(generationsDocument(ctx, all, entries));
  else ctx.out.print(renderGenerations(all, running, numbers, ctx.out.columns));
  return ExitCode.Success;
}

/** Who is not root may not know what is a way back, and sees the list without that. */
async function readableCleanPlan(
  ctx: Context,
  all: readonly Generation[],
  rule: CleanRule,
): Promise<CleanEntry[] | undefined> {
  try {
    return await cleanPlan(ctx, all, rule);
  } catch (error) {
    if (error instanceof ToolError) ctx.log.warn(error.message);
    else if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return undefined;
  }
}

/** @throws ToolError exit 4 for a generation that is not there */
function chosenGeneration(ctx: Context, number: number): Generation {
  const all = generations(ctx);
  const found = all.find((generation) => generation.number === number);
  if (found !== undefined) return found;
  throw new ToolError(`there is no generation ${number}`, {
    code: ExitCode.InvalidArguments,
    hint: `there are ${all.map((generation) => generation.number).join(", ") || "none"}`,
  });
}

/** The one that runs is kept where the generation has it: going back must not fail for want of one. */
function specialisationOnReturn(
  ctx: Context,
  { toplevel, specialisations }: Generation,
  action: Action,
  options: HelperOptions,
): string | undefined {
  const chosen = chosenSpecialisation(ctx, action, options.specialisation);
  if (chosen === undefined) return undefined;
  if (chosen.named) activePath(ctx, toplevel, chosen);
  if (specialisations.includes(chosen.name)) return chosen.name;
  ctx.log.warn(`that generation has no specialisation ${chosen.name}: it is activated without`);
  return undefined;
}

/** The previous generation again, or a chosen one, by its store path: nothing is evaluated, built or fetched. */
async function rollBack(ctx: Context, options: HelperOptions): Promise<ActivationOutcome> {
  if (!ctx.root.isRunning) {
    throw new ToolError("--rollback needs a running machine", {
      code: ExitCode.InvalidArguments,
      hint: "boot the mounted machine and choose an older generation in its menu",
    });
  }
  await settleEarlierActivation(ctx);
  const previous = options.to === undefined
    ? generationBefore(ctx)
    : chosenGeneration(ctx, options.to);
  if (previous === undefined) {
    throw new ToolError("there is no generation before the present one", {
      hint: "see what there is: rebuild-helper --list-generations",
    });
  }
  const action = (options.action ?? "switch") as "test" | "switch" | "boot";
  ctx.log.info(`going back to generation ${previous.number}: ${previous.toplevel}`);
  const specialisation = specialisationOnReturn(ctx, previous, action, options);
  const seconds = await confirmSeconds(ctx, options.confirm, action);
  const { restartGuests } = options;
  return await returnToSystem(ctx, previous.toplevel, {
    action,
    specialisation,
    confirmSeconds: seconds,
    restartGuests,
  });
}

function report(ctx: Context, options: HelperOptions, outcome: ActivationOutcome): ExitCode {
  reportOutcome(ctx, outcome);
  if (options.json) ctx.out.json(outcomeDocument(outcome));
  return outcome.exitCode;
}
