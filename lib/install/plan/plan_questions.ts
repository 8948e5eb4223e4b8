import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import type { InstallOptions } from "../options.ts";
import { folded } from "./running_differences.ts";
import { isJudged, type Plan, type PlanQuestion } from "./plan.ts";
import type { RunningSystem } from "./running_system.ts";

/** The questions of a plan, most weighty first. */
export function planQuestions(
  options: InstallOptions,
  running: RunningSystem,
  judgement: Plan["judgement"],
): PlanQuestion[] {
  if (!options.keepConfig) return [];
  const upgrade = isJudged(judgement) ? judgement.autoUpgradeFlake : undefined;
  return [
    ...(running.kind === "other" && running.differences.length > 0
      ? [{
        found: "the configuration that was read is not what this machine runs",
        details: running.differences.map(({ text }) => text),
        brief: folded(running.differences),
        ask: "Is it this machine's configuration all the same?",
        hint: "name the one that the machine is built from: --config PATH or --config FLAKE#HOST",
      }]
      : []),
    ...(isJudged(judgement) && !judgement.hostsGuests
      ? [{
        found:
          "your configuration switches off what makes a virtual-machine host: virtualisation.libvirtd.enable",
        details: [],
        ask: "Install it without libvirt?",
        hint: "take the line out of your configuration, or set it to true",
      }]
      : []),
    ...(upgrade
      ? [{
        found:
          `system.autoUpgrade builds ${upgrade}, which has no Hyper-NixOS: its next run takes it away`,
        details: [],
        ask: "Install it all the same?",
        hint:
          "take system.autoUpgrade.flake out of your configuration: it then builds what nixos-rebuild builds",
      }]
      : []),
  ];
}

/**
 * Asks them.
 * @throws ToolError exit 6 where nobody can be asked, exit 1 for a no
 */
export async function answerQuestions(
  ctx: Context,
  questions: readonly PlanQuestion[],
): Promise<void> {
  for (const { found, ask, hint, details, brief = details } of questions) {
    const go = ctx.ui.interactive &&
      await ctx.ui.confirm({ message: ask, option: "--config", default: false });
    if (go) continue;
    const code = ctx.ui.interactive ? ExitCode.General : ExitCode.Configuration;
    throw new ToolError([found, ...brief.slice(0, 3)].join("; "), { code, hint });
  }
}
