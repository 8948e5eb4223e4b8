import { ExitCode } from "../machine/exit_code.ts";
import { acquireLock } from "../machine/lock.ts";
import { ToolError } from "../machine/tool_error.ts";
import { withBinaryCache } from "../nix/binary_cache.ts";
import { generations, runningOutsideProfile } from "../nix/generations.ts";
import type { Context } from "../program/context.ts";
import { returnToSystem } from "./activate.ts";
import { carriedCache } from "./carried_cache.ts";
import { confirmEarlierActivation, settleEarlierActivation } from "./earlier_activation.ts";
import { generationsDocument, outcomeDocument, rebuildDocument } from "./documents.ts";
import { requireGuestsUntouched } from "./guests_question.ts";
import { offerNextStep } from "./next_step.ts";
import { activates, type RebuildOptions } from "./options.ts";
import type { ActivationOutcome } from "./outcome.ts";
import { generationBefore } from "./previous_system.ts";
import { confirmSeconds, rebuildSystem } from "./rebuild_system.ts";
import { renderGenerations, reportOutcome, reportRebuild } from "./report.ts";

/** What `rebuild-helper` was started for, besides rebuilding. */
export interface HelperOptions extends Omit<RebuildOptions, "action"> {
  readonly action?: RebuildOptions["action"] | undefined;
  readonly json: boolean;
  readonly listGenerations: boolean;
  readonly rollback: boolean;
  readonly confirmed: boolean;
}

/**
 * Does what one start of `rebuild-helper` asks for, and reports it.
 * @returns the exit code
 * @throws ToolError as `rebuildSystem`; exit 4 for a command line that asks for nothing or for two things
 */
export async function rebuildHelper(ctx: Context, options: HelperOptions): Promise<ExitCode> {
  requireOneTask(options);
  if (options.listGenerations) return listGenerations(ctx, options.json);
  if (options.confirmed) {
    return report(ctx, options, await confirmEarlierActivation(ctx));
  }
  using _lock = Deno.uid() === 0 ? await acquireLock(ctx) : undefined;
  if (options.rollback) return report(ctx, options, await rollBack(ctx, options));
  const building = withBinaryCache(ctx, carriedCache(ctx));
  const result = await rebuildSystem(building, { ...options, action: options.action! });
  reportRebuild(ctx, result);
  const outcome = result.outcome && await offerNextStep(ctx, result.outcome);
  if (options.json) ctx.out.json(rebuildDocument(ctx, { ...result, outcome }));
  return outcome?.exitCode ?? result.exitCode;
}

function requireOneTask(options: HelperOptions): void {
  const tasks = [
    options.listGenerations ? "--list-generations" : undefined,
    options.confirmed ? "--confirmed" : undefined,
    options.rollback ? "--rollback" : undefined,
  ].filter((task) => task !== undefined);
  const refuse = (message: string, hint: string) => {
    throw new ToolError(message, { code: ExitCode.InvalidArguments, hint });
  };
  if (tasks.length > 1) refuse(`${tasks.join(" and ")} exclude each other`, "choose one of them");
  if (tasks.length === 0 && options.action === undefined) {
    refuse("no action was named", "for example: rebuild-helper build; see rebuild-helper --help");
  }
  const { action } = options;
  if (action !== undefined && (options.listGenerations || options.confirmed)) {
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
}

function listGenerations(ctx: Context, json: boolean): ExitCode {
  const all = generations(ctx);
  const running = runningOutsideProfile(ctx, all);
  if (json) ctx.out.json(generationsDocument(ctx, all));
  else ctx.out.print(renderGenerations(all, running, ctx.out.columns));
  return ExitCode.Success;
}

/** The previous generation again, by its store path: nothing is evaluated, built or fetched. */
async function rollBack(ctx: Context, options: HelperOptions): Promise<ActivationOutcome> {
  if (!ctx.root.isRunning) {
    throw new ToolError("--rollback needs a running machine", {
      code: ExitCode.InvalidArguments,
      hint: "boot the mounted machine and choose an older generation in its menu",
    });
  }
  await settleEarlierActivation(ctx);
  const previous = generationBefore(ctx);
  if (previous === undefined) {
    throw new ToolError("there is no generation before the present one", {
      hint: "see what there is: rebuild-helper --list-generations",
    });
  }
  const action = (options.action ?? "switch") as "test" | "switch" | "boot";
  ctx.log.info(`going back to generation ${previous.number}: ${previous.toplevel}`);
  if (action !== "boot") {
    await requireGuestsUntouched(ctx, previous.toplevel, options.restartGuests);
  }
  const seconds = await confirmSeconds(ctx, options.confirm, action);
  return await returnToSystem(ctx, previous.toplevel, { action, confirmSeconds: seconds });
}

function report(ctx: Context, options: HelperOptions, outcome: ActivationOutcome): ExitCode {
  reportOutcome(ctx, outcome);
  if (options.json) ctx.out.json(outcomeDocument(outcome));
  return outcome.exitCode;
}
