import { ExitCode } from "../machine/exit_code.ts";
import { acquireLock } from "../machine/lock.ts";
import { ToolError } from "../machine/tool_error.ts";
import { withBinaryCache } from "../nix/store/binary_cache.ts";
import { currentSystem, type Generation, generations } from "../nix/generations.ts";
import { type HandedOptions, handedOptions } from "./handed_options.ts";
import { type HelperOptions, requireOneTask } from "./helper_options.ts";
import { withNixSettings } from "../nix/nix_settings.ts";
import type { Context } from "../machine/context.ts";
import { returnToSystem } from "./activation/activate.ts";
import { carriedCache } from "./building/carried_cache.ts";
import { activePath, chosenSpecialisation } from "./chosen_specialisation.ts";
import { cleanGenerations } from "./generations/clean.ts";
import { cleanRule } from "./generations/clean_plan.ts";
import {
  confirmEarlierActivation,
  settleEarlierActivation,
} from "./activation/earlier_activation.ts";
import { cleaningDocument, outcomeDocument, rebuildDocument } from "./documents.ts";
import { activateReady } from "./ready_system.ts";
import { offerNextStep } from "./next_step.ts";
import type { Action } from "./options.ts";
import type { ActivationOutcome } from "./activation/outcome.ts";
import { generationBefore } from "./activation/previous_system.ts";
import { confirmSeconds, numbered, rebuildSystem } from "./rebuild_system.ts";
import { reportOutcome, reportRebuild } from "./report.ts";

/**
 * Does what one start of `rebuild-helper` asks for, and reports it; what only lists is `listGenerations`.
 * @returns the exit code
 * @throws ToolError as `rebuildSystem`; exit 4 for a command line that asks for nothing or for two things
 */
export async function rebuildHelper(ctx: Context, options: HelperOptions): Promise<ExitCode> {
  requireOneTask(options);
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
  const after = outcome === result.outcome ? result.after : numbered(ctx, currentSystem(ctx));
  if (options.json) ctx.out.json(rebuildDocument(ctx, { ...result, after, outcome }));
  return outcome?.exitCode ?? ExitCode.Success;
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
