import type { Context } from "../program/context.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { places } from "../machine/places.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { ConfigurationFacts } from "../nix/configuration_facts.ts";
import { resolveFlake } from "../nix/flake_reference.ts";
import { readConfiguration } from "../nix/read_configuration.ts";
import { judgeConfiguration } from "../rebuild/judgement.ts";
import { refusals } from "../rebuild/proof_access.ts";
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

/**
 * The proofs on the configuration as it is installed, right before it is activated.
 * @param before the evaluated configuration that runs now, where it could be evaluated
 * @returns what was judged
 * @throws ToolError exit 6 naming every claim that does not hold and the option that makes it true
 */
export async function requireReachable(
  ctx: Context,
  hostName: string,
  before: ConfigurationFacts | undefined,
): Promise<ConfigurationFacts> {
  const flake = resolveFlake(ctx, `path:${places.source}`);
  const after = await readConfiguration(ctx, { kind: "flake", flake, host: hostName }, {
    whole: true,
  });
  const refused = refusals(judgeConfiguration(ctx, before, after).verdicts);
  for (const verdict of refused) {
    ctx.log.error(`not proven: ${verdict.what}: ${verdict.why}`, verdict.remedy);
  }
  for (const assertion of after.failedAssertions) {
    ctx.log.error(`refused by NixOS: ${assertion}`);
  }
  const count = refused.length + after.failedAssertions.length;
  if (count === 0) return after;
  throw new ToolError(
    `the new system would not come back: ${count} of its proofs do not hold; nothing was activated`,
    {
      code: ExitCode.Configuration,
      hint:
        `set what is named above in ${places.configuration}/local.nix (with lib.mkForce where a ` +
        "value was carried over) and run it again",
    },
  );
}
