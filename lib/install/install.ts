import type { Context } from "../machine/context.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { lstatIfExists } from "../machine/files/files.ts";
import { acquireLock } from "../machine/lock.ts";
import { readOsRelease } from "../machine/os_release.ts";
import { places } from "../machine/places.ts";
import { ensureStateFolder, stateFolderProblem } from "../machine/state_folder.ts";
import { ToolError } from "../machine/tool_error.ts";
import { recoverSourceTree } from "../machine/tree/tree_recovery.ts";
import { withBinaryCache } from "../nix/store/binary_cache.ts";
import { bootDefault, currentSystem } from "../nix/generations.ts";
import { applySteps, revertSteps } from "./apply.ts";
import { isStepDone } from "./apply_step.ts";
import { runActions } from "./actions.ts";
import { baseBlockers } from "./plan/base_blockers.ts";
import { assume, decide, isSame } from "./plan/decide.ts";
import { examineGround, type Ground } from "./plan/ground.ts";
import { answerQuestions } from "./plan/plan_questions.ts";
import { notNixos } from "./plan/preflight.ts";
import { provideTools } from "./tools.ts";
import { type MachineReading, readMachine } from "./plan/machine_reading.ts";
import { makePlan } from "./plan/make_plan.ts";
import { type InstallOptions, optionsFor } from "./options.ts";
import type { Plan } from "./plan/plan.ts";
import { planDocument } from "./plan/plan_document.ts";
import {
  latestInstallation,
  newReceiptId,
  readReceipts,
  type Receipt,
  writeReceipt,
} from "../machine/receipt.ts";
import { renderPlan } from "./plan/render_plan.ts";
import { settleActivation, settleUnfinished } from "./undo/unfinished.ts";
import { checkForUpdates } from "./update_check.ts";

/** An installation's options, with what the program itself knows. */
export interface InstallRequest extends InstallOptions {
  /** The toolkit's version, for the receipt. */
  readonly version: string;
  readonly verbose: boolean;
}

/**
 * Installs: plan, confirm, files, menu. With `dryRun` the plan is printed and nothing is done.
 * @returns the exit code; 0 also when the user quits
 * @throws ToolError the first blocker, before anything is touched
 */
export async function install(ctx: Context, request: InstallRequest): Promise<ExitCode> {
  if (request.dryRun) {
    const ground = await examineGround(ctx, request);
    const options = optionsFor(request, ground.source?.layout);
    const reading = await readMachine(ctx, options);
    const decided = await decide(ctx, options, reading);
    const plan = await makePlan(ctx, options, ground, reading, decided);
    show(ctx, plan, options, options.verbose);
    return ExitCode.Success;
  }
  refuseImpossible(ctx, request);
  using _lock = await acquireLock(ctx);
  const problem = stateFolderProblem(ctx);
  if (problem) throw problem;
  await settleActivation(ctx);
  await recoverSourceTree(ctx);
  const unfinished = await settleUnfinished(ctx);
  // What stops the run whatever is answered is said before anything is asked.
  const ground = await examineGround(ctx, request);
  const options = optionsFor(request, ground.source?.layout);
  refuse(ctx, ground.blockers);
  const reading = await readMachine(ctx, options);
  refuse(ctx, baseBlockers(options, reading));
  const plan = await planBeforeQuestions(ctx, options, ground, reading);
  show(ctx, plan, options, options.verbose);
  refuse(ctx, plan.blockers);
  await answerQuestions(ctx, plan.questions);
  if (!await confirmed(ctx, options, plan)) {
    ctx.log.info("nothing was changed");
    return ExitCode.Success;
  }
  ensureStateFolder(ctx);
  const same = unfinished === undefined ? sameInstallation(ctx, plan) : undefined;
  const receipt = same ?? unfinished ?? newReceipt(ctx, options, plan);
  if (same) ctx.log.info("every file is in place already");
  else {
    writeReceipt(ctx, receipt);
    await applySteps(ctx, receipt, plan.steps);
  }
  try {
    await checkForUpdates(ctx, options, plan);
    await provideTools(ctx, plan, receipt);
    return await runActions(withBinaryCache(ctx, plan.source?.cache), options, plan, receipt);
  } catch (error) {
    // A signal before the point of no return: nothing was activated, so nothing needs the files.
    if (ctx.signal.aborted && !same) {
      revertSteps(ctx, receipt, "reverting", "reverted");
      ctx.log.info("reverted: every file is as it was before");
    }
    throw error;
  }
}

/**
 * The plan for the answers that a person gives. It is made for those that are offered before anything is
 * asked, and made again only for others: what stands against it then stands against all.
 */
async function planBeforeQuestions(
  ctx: Context,
  options: InstallRequest,
  ground: Ground,
  reading: MachineReading,
): Promise<Plan> {
  const assumed = await assume(ctx, options, reading);
  const plan = assumed && await makePlan(ctx, options, ground, reading, assumed);
  if (plan !== undefined && plan.blockers.length > 0) return plan;
  const decided = await decide(ctx, options, reading);
  if (plan !== undefined && isSame(assumed!, decided)) return plan;
  return await makePlan(ctx, options, ground, reading, decided);
}

/** What no answer could make possible is refused before anything is read. */
function refuseImpossible(ctx: Context, options: InstallOptions): void {
  const os = readOsRelease(ctx);
  if (!os.isNixos) throw notNixos(ctx, os);
  if (!ctx.root.isRunning && options.action === "test") {
    throw new ToolError(`a machine mounted at ${ctx.root.path} cannot be tested: it does not run`, {
      code: ExitCode.InvalidArguments,
      hint: "use --action build or --action switch",
    });
  }
  if (options.reboot && options.action !== undefined && options.action !== "switch") {
    throw new ToolError(`--reboot goes with --action switch, not with ${options.action}`, {
      code: ExitCode.InvalidArguments,
      hint: "leave --reboot out, or use --action switch",
    });
  }
  if (!ctx.root.isRunning && options.reboot) {
    throw new ToolError(`--reboot does not go with a machine mounted at ${ctx.root.path}`, {
      code: ExitCode.InvalidArguments,
      hint: "leave --reboot out; afterwards unmount it, then reboot into it",
    });
  }
}

/** @throws ToolError the first; the others are shown before */
function refuse(ctx: Context, blockers: readonly ToolError[]): void {
  const [first, ...others] = blockers;
  if (first === undefined) return;
  for (const { message, hint } of others) ctx.log.error(message, hint);
  throw first;
}

function show(ctx: Context, plan: Plan, options: InstallOptions, diffs: boolean): void {
  if (options.json && options.dryRun) ctx.out.json(planDocument(ctx, plan));
  else ctx.out.print(renderPlan(ctx, plan, { diffs, reasons: options.explain }));
}

/** A source that was found rather than named, and one that replaces another, are confirmed too. */
async function confirmed(ctx: Context, options: InstallOptions, plan: Plan): Promise<boolean> {
  const source = plan.source!;
  const replaces = plan.steps.some((step) => step.kind === "tree") &&
    lstatIfExists(ctx.root.host(places.source)) !== undefined;
  if (replaces && !options.force) {
    const replace = await ctx.ui.confirm({
      message: `${places.source} is there already. Replace it (a backup is kept)?`,
      option: "--force",
    });
    if (!replace) return false;
  }
  const from = source.named ? "" : ` from ${source.listing.from} (found ${source.foundBy})`;
  return await ctx.ui.confirm({
    message: `Apply these changes${from}?`,
    option: "--yes",
    default: true,
  });
}

/** A run that finds every file in place goes on with the installation that put them there. */
function sameInstallation(ctx: Context, plan: Plan): Receipt | undefined {
  if (!plan.steps.every((step) => isStepDone(ctx, step))) return undefined;
  return latestInstallation(readReceipts(ctx));
}

function newReceipt(ctx: Context, options: InstallRequest, plan: Plan): Receipt {
  const now = ctx.now();
  return {
    version: 1,
    id: newReceiptId(ctx, now),
    toolkit: options.version,
    startedAt: now.toISOString(),
    hostName: plan.hostName,
    state: "applying",
    previousSystem: currentSystem(ctx) ?? null,
    previousDefault: bootDefault(ctx) ?? null,
    activated: null,
    accountsSaved: false,
    steps: [],
  };
}
