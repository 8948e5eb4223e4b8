import type { Context } from "../machine/context.ts";
import { ExitCode } from "../machine/exit_code.ts";
import type { Receipt } from "../machine/receipt.ts";
import { QuestionCancelled, ToolError } from "../machine/tool_error.ts";
import { installedLayout, modulesFolder } from "../machine/tree_layout.ts";
import { hostReference } from "../nix/expressions/host_flake.ts";
import { offerNextStep } from "../rebuild/next_step.ts";
import { withNixSettings } from "../nix/nix_settings.ts";
import { rebuildSystem } from "../rebuild/rebuild_system.ts";
import { receiptHooks } from "../rebuild/receipt_hooks.ts";
import { reportRebuild } from "../rebuild/report.ts";
import { buildSettings } from "./build_options.ts";
import type { InstallOptions } from "./options.ts";
import { withFilesKept, withOfflineHint } from "./failure_hints.ts";
import type { Plan } from "./plan/plan.ts";
import { undoInstallation } from "./undo/undo.ts";
import { ownLine } from "../machine/own_line.ts";

type Action = "build" | "test" | "switch";
type MenuChoice = Action | "shell" | "undo" | "quit";

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
        await undoInstallation(ctx, receipt, options);
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
    const error = withOfflineHint(thrown, plan.source);
    if (!ctx.ui.interactive) throw withFilesKept(ctx, error);
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
): Promise<ExitCode | undefined> {
  const result = await rebuildSystem(withNixSettings(ctx, buildSettings(options.fast)), {
    action,
    flake: hostReference(ctx),
    host: plan.hostName,
    impure: true,
    confirm: options.confirm,
    restartGuests: options.restartGuests,
    running: plan.before,
    hooks: receiptHooks(ctx, receipt),
  });
  const { outcome } = result;
  if (outcome?.kind === "failed" || outcome?.kind === "went-back") {
    throw new ToolError(outcome.message, {
      ...(outcome.hint === undefined ? {} : { hint: outcome.hint }),
    });
  }
  reportRebuild(ctx, result);
  if (action === "build") return undefined;
  if (outcome === undefined) {
    ctx.log.info(`installed: ${ctx.root.path} boots Hyper-NixOS next`);
    return undefined;
  }
  if (outcome.exitCode !== ExitCode.Success) {
    await offerNextStep(ctx, outcome);
    return outcome.exitCode;
  }
  ctx.log.info(
    `to take the whole installation back: ${ownLine(ctx, "system-installer", "--undo")}`,
  );
  if (action === "switch" && options.reboot) {
    ctx.log.info("rebooting");
    await ctx.run("systemctl", ["reboot"]);
  }
  return undefined;
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
    if (error instanceof QuestionCancelled) sayHowToGoOn(ctx);
    throw error;
  }
}

/** Opens a shell in the generated configuration; the menu comes back when it ends. */
async function openShell(ctx: Context): Promise<void> {
  const shell = ["bash", "sh"].find((name) => ctx.run.which(name)) ?? "/bin/sh";
  const folder = modulesFolder(installedLayout(ctx) ?? "native");
  ctx.log.info(`a shell in ${folder}; "exit" brings the menu back`);
  await ctx.run(shell, ["-i"], {
    cwd: ctx.root.follow(folder),
    group: "terminal",
    accept: "any",
  });
}

function sayHowToGoOn(ctx: Context): void {
  ctx.log.info("the files are in place; nothing was activated");
  ctx.log.info(
    `to install: ${ownLine(ctx, "system-installer", "--action", "switch")}; ` +
      `to take it back: ${ownLine(ctx, "system-installer", "--undo")}`,
  );
}
