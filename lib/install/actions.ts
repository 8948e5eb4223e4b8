import type { Context } from "../program/context.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { places } from "../machine/places.ts";
import { session } from "../machine/session.ts";
import { ToolError } from "../machine/tool_error.ts";
import { resolveFlake } from "../nix/flake_reference.ts";
import {
  activateSystem,
  bootDefault,
  buildSystem,
  installSystem,
  returnToSystem,
} from "../rebuild/rebuild.ts";
import { readSyncState } from "../sync/state.ts";
import { saveAccountsAfter, saveAccountsBefore } from "./account_backup.ts";
import { applyStep } from "./apply_step.ts";
import { buildOptions } from "./build_options.ts";
import { requireReachable } from "./judgement.ts";
import type { InstallOptions } from "./options.ts";
import { withFilesKept, withOfflineHint } from "./failure_hints.ts";
import type { Plan } from "./plan.ts";
import { type Receipt, writeReceipt } from "../machine/receipt.ts";
import { openShell } from "./shell.ts";
import { undoInstallation } from "./undo.ts";

type Action = "build" | "test" | "switch";
type MenuChoice = Action | "shell" | "undo" | "quit";

/** Seconds within which a change made over SSH is confirmed, or goes back by itself. */
const CONFIRM_OVER_SSH = 120;

/**
 * The menu of an installation whose files are in place: Build, Test, Switch, Shell, Quit; or the one
 * action that was asked for. A failed build keeps the files and offers Retry, Shell and Undo.
 * @returns the exit code; 0 for Quit
 * @throws ToolError when an action fails and nobody can be asked what next
 */
export async function runActions(
  ctx: Context,
  options: InstallOptions,
  plan: Plan,
  receipt: Receipt,
): Promise<ExitCode> {
  let next: MenuChoice = options.action ?? await menu(ctx, "What now?", false);
  for (;;) {
    switch (next) {
      case "quit":
        sayHowToGoOn(ctx);
        return ExitCode.Success;
      case "undo":
        await undoInstallation(ctx, receipt);
        return ExitCode.Success;
      case "shell":
        await openShell(ctx);
        next = await menu(ctx, "What now?", false);
        continue;
      default: {
        const ended = await attempt(ctx, options, plan, receipt, next);
        if (typeof ended === "number") return ended;
        next = ended;
      }
    }
  }
}

/** Does one action. Returns the exit code when that ends the installation, else what to do next. */
async function attempt(
  ctx: Context,
  options: InstallOptions,
  plan: Plan,
  receipt: Receipt,
  action: Action,
): Promise<ExitCode | MenuChoice> {
  try {
    const ended = await perform(ctx, options, plan, receipt, action);
    if (ended !== undefined) return ended;
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || ctx.signal.aborted) throw thrown;
    const error = withOfflineHint(thrown, plan);
    if (!ctx.ui.interactive) throw withFilesKept(error);
    ctx.log.error(error.message, error.hint);
    return await menu(ctx, "It failed; the files are kept. What now?", true, action);
  }
  const mayGoOn = ctx.ui.interactive && options.action === undefined && action !== "switch";
  if (mayGoOn) return await menu(ctx, "What now?", false);
  if (action === "build") sayHowToGoOn(ctx);
  return ExitCode.Success;
}

/** @returns an exit code when the action decided how the installation ends */
async function perform(
  ctx: Context,
  options: InstallOptions,
  plan: Plan,
  receipt: Receipt,
  action: Action,
): Promise<ExitCode | MenuChoice | undefined> {
  const build = {
    flake: resolveFlake(ctx, `path:${places.source}`).url,
    host: plan.hostName,
    impure: true,
    showTrace: false,
    nixOptions: buildOptions(options.fast),
  };
  const facts = action === "build" ? null : await requireReachable(ctx, plan.hostName, plan.before);
  const built = await buildSystem(ctx, build);
  for (const step of plan.steps.afterBuild) await applyStep(ctx, receipt, step);
  if (receipt.state === "applied") receipt.state = "built";
  writeReceipt(ctx, receipt);
  ctx.log.info(`built ${built.toplevel}`);
  if (action === "build") return undefined;

  saveAccountsBefore(ctx, receipt);
  if (!ctx.root.isRunning) {
    await installSystem(ctx, build);
    receipt.activated = {
      toplevel: bootDefault(ctx) ?? built.toplevel,
      action: "switch",
      profileSet: true,
    };
    receipt.state = "activated";
    writeReceipt(ctx, receipt);
    ctx.log.info(`installed: ${ctx.root.path} boots Hyper-NixOS next`);
    return undefined;
  }
  const confirmSeconds = await confirmation(ctx, options, action);
  receipt.activated = { toplevel: built.toplevel, action, profileSet: action === "switch" };
  receipt.state = "activating";
  writeReceipt(ctx, receipt);
  const outcome = await activateSystem(ctx, {
    toplevel: built.toplevel,
    action,
    confirmSeconds,
    log: built.log,
    record: {
      flake: build.flake,
      host: build.host,
      commit: readSyncState(ctx)?.commit ?? null,
      facts,
    },
  });
  saveAccountsAfter(ctx, receipt);
  receipt.state = "activated";
  writeReceipt(ctx, receipt);
  return await concluded(ctx, options, action, outcome);
}

async function concluded(
  ctx: Context,
  options: InstallOptions,
  action: Action,
  outcome: Awaited<ReturnType<typeof activateSystem>>,
): Promise<ExitCode | MenuChoice | undefined> {
  if (outcome.kind === "failed" || outcome.kind === "went-back") {
    throw new ToolError(outcome.message, {
      ...(outcome.hint === undefined ? {} : { hint: outcome.hint }),
    });
  }
  if (outcome.kind === "activated-with-failed-units") {
    ctx.log.warn(outcome.message);
    if (outcome.hint) ctx.log.warn(outcome.hint);
    const back = outcome.previousToplevel !== undefined && await ctx.ui.confirm({
      message: "Go back to the previous system?",
      option: "--undo",
      default: false,
    });
    if (back) ctx.log.info((await returnToSystem(ctx, outcome.previousToplevel)).message);
    return ExitCode.General;
  }
  ctx.log.info(outcome.message);
  if (outcome.rollbackCommand) ctx.log.info(`to go back: ${outcome.rollbackCommand}`);
  ctx.log.info("to take the whole installation back: system-installer --undo");
  if (action !== "switch") return undefined;
  if (options.reboot) {
    ctx.log.info("rebooting");
    await ctx.run("systemctl", ["reboot"]);
  } else if (outcome.rebootNeeded) {
    ctx.log.info(`reboot to use the new ${outcome.rebootNeededFor.join(", ")}`);
  }
  return undefined;
}

/** Over SSH a change that cuts the line off should undo itself. */
async function confirmation(
  ctx: Context,
  options: InstallOptions,
  action: Action,
): Promise<number> {
  if (options.confirm !== undefined) return options.confirm;
  const overSsh = session(ctx).kind === "ssh";
  if (!overSsh || !ctx.ui.interactive) return 0;
  const wanted = await ctx.ui.confirm({
    message:
      `You are here over SSH. Shall the ${action} go back by itself unless you confirm it within ` +
      `${CONFIRM_OVER_SSH} seconds?`,
    option: "--confirm",
    default: true,
  });
  return wanted ? CONFIRM_OVER_SSH : 0;
}

async function menu(
  ctx: Context,
  message: string,
  failed: boolean,
  again: Action = "build",
): Promise<MenuChoice> {
  const test = ctx.root.isRunning
    ? [{ value: "test" as const, label: "Test", hint: "activate until the next reboot" }]
    : [];
  const choose = () =>
    ctx.ui.select<MenuChoice>({
      message,
      option: "--action",
      // Building changes nothing: it is what happens when nobody can be asked.
      ...(failed
        ? { default: "quit" as const, preselected: again }
        : { default: "build" as const }),
      choices: failed
        ? [
          { value: again, label: "Retry", hint: again },
          { value: "shell", label: "Shell", hint: "look around, then come back" },
          { value: "undo", label: "Undo", hint: "everything as it was before" },
          { value: "quit", label: "Quit", hint: "keep the files" },
        ]
        : [
          { value: "build", label: "Build", hint: "activates nothing" },
          ...test,
          { value: "switch", label: "Switch", hint: "install for good" },
          { value: "shell", label: "Shell", hint: "look around, then come back" },
          { value: "quit", label: "Quit", hint: "keep the files" },
        ],
    });
  try {
    return await choose();
  } catch (error) {
    // Ctrl-C at the menu is a hasty Quit.
    if (error instanceof ToolError && error.code === ExitCode.Interrupted) sayHowToGoOn(ctx);
    throw error;
  }
}

function sayHowToGoOn(ctx: Context): void {
  ctx.log.info("the files are in place; nothing was activated");
  ctx.log.info(
    "to install: system-installer --action switch; to take it back: system-installer --undo",
  );
}
