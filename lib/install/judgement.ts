import type { Context } from "../program/context.ts";
import { ToolError } from "../machine/tool_error.ts";
import { readConfiguration } from "../nix/read_configuration.ts";
import { judgeConfiguration } from "../rebuild/judgement.ts";
import type { CarriedUser } from "./carry_users.ts";
import type { MachineReading } from "./machine_reading.ts";
import type { Plan } from "./plan.ts";
import type { Source } from "./source.ts";
import { stageHost } from "./staged_host.ts";
import type { Steps } from "./step.ts";

/** What the judgement of a plan is made on. */
export interface JudgementInput {
  readonly source: Source | undefined;
  readonly hostName: string;
  readonly steps: Steps;
  readonly reading: MachineReading;
  readonly users: readonly CarriedUser[];
}

/**
 * Evaluates the host that a plan would make, from copies in a temporary folder, and judges it. Changes
 * nothing; a host that cannot be evaluated now (no Nix, no network) is a reason, not a failure.
 */
export async function judgeStaged(
  ctx: Context,
  { source, hostName, steps, reading, users }: JudgementInput,
): Promise<Plan["judgement"]> {
  if (source === undefined) return { unknown: "there is no source to evaluate" };
  if (!reading.os.isNixos) return { unknown: "this is not a NixOS machine" };
  if (!ctx.run.which("nix-instantiate")) return { unknown: "Nix is not installed here" };
  const progress = ctx.ui.progress("Evaluating the new configuration");
  try {
    using staged = await stageHost(ctx, source, steps);
    const flake = { url: `path:${staged.source}`, directory: staged.source };
    const env = { HYPERVISOR_ROOT: staged.root };
    const after = await readConfiguration(ctx, { kind: "flake", flake, host: hostName, env }, {
      whole: true,
    });
    progress.done("the new configuration was evaluated");
    const passwords = users.map((user) => [user.passwordFile, user.account.passwordState] as const);
    const judged = judgeConfiguration(ctx, reading.facts, after, Object.fromEntries(passwords));
    return { ...judged, failedAssertions: after.failedAssertions };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    progress.done(`the new configuration was not evaluated: ${error.message}`);
    return { unknown: error.message };
  }
}
