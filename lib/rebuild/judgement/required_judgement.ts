import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { installedLayout, localModule } from "../../machine/tree_layout.ts";
import { currentSystem } from "../../nix/generations.ts";
import { NO_SPECIALISATION } from "../../nix/evaluation/configuration_source.ts";
import { compareIdentities, type Identity } from "../../nix/evaluation/identity.ts";
import { type EvaluatedHost, readHost } from "../../nix/evaluation/read_configuration.ts";
import type { Context } from "../../machine/context.ts";
import { comparisonText } from "./comparison_text.ts";
import { judgeChanges } from "./expected_changes.ts";
import { judgeConfiguration } from "../proofs/judgement.ts";
import { systemRecord } from "../../nix/system_record.ts";
import { type ChosenSpecialisation, noSpecialisation } from "../chosen_specialisation.ts";
import type { Action, RunningConfiguration } from "../options.ts";
import type { Target } from "../target.ts";
import { refusals, type Verdict } from "../proofs/verdict.ts";

/** What is known of a system without its files: its identity is missing where it was recorded without. */
export interface KnownSystem extends Pick<EvaluatedHost, "facts"> {
  readonly identity?: Identity | undefined;
}

/** What was evaluated and proven. */
export interface Judged {
  /** What is to run. */
  readonly active: EvaluatedHost;
  /** What the next boot starts, where what is to run is a specialisation of it. */
  readonly base?: EvaluatedHost;
}

/**
 * Evaluates a host and makes the proofs, as {@link requireSafe}: of its specialisation where one is to run,
 * and of the host itself where the next boot starts it.
 * @param running the configuration that runs, for where none was recorded when it was activated
 * @throws ToolError exit 6 for failed assertions and for what could not be proven, 4 and 6 as
 *   `noSpecialisation`
 */
export async function requireJudgement(
  ctx: Context,
  target: Target,
  action: Action,
  chosen: ChosenSpecialisation | undefined,
  running?: RunningConfiguration,
): Promise<Judged> {
  if (chosen === undefined) {
    const active = await evaluateHost(ctx, target);
    await requireSafe(ctx, active, running);
    return { active };
  }
  const active = await evaluateHost(ctx, target, chosen);
  ctx.log.info(`the specialisation ${chosen.name}, which is to run:`);
  // What was adopted is the owner's system itself, not a specialisation of it.
  await requireSafe(ctx, active, running && { facts: running.facts });
  if (action === "test") return { active };
  const base = await evaluateHost(ctx, target);
  ctx.log.info("the system itself, which the next boot starts:");
  await requireSafe(ctx, base, running);
  return { active, base };
}

/**
 * Evaluates a host that is to be built.
 * @throws ToolError exit 6 for failed assertions, else as {@link readHost}
 */
export async function evaluateHost(
  ctx: Context,
  target: Target,
  chosen?: ChosenSpecialisation,
): Promise<EvaluatedHost> {
  const progress = ctx.ui.progress("evaluating the new configuration");
  let after: EvaluatedHost;
  try {
    const source = { kind: "flake" as const, ...target, specialisation: chosen?.name };
    after = await readHost(ctx, source, { whole: true });
    progress.done("the new configuration was evaluated");
  } catch (error) {
    const there = error instanceof ToolError
      ? error.message.split(NO_SPECIALISATION)[1]
      : undefined;
    if (chosen !== undefined && there !== undefined) {
      progress.done("the new configuration was evaluated");
      throw noSpecialisation(chosen, there.trim());
    }
    progress.fail("the new configuration cannot be evaluated");
    throw error;
  }
  const { failedAssertions } = after.facts;
  if (failedAssertions.length > 0) {
    throw new ToolError(`the configuration is refused: ${failedAssertions.join("; ")}`, {
      code: ExitCode.Configuration,
      hint: "correct it; these are its own assertions",
    });
  }
  return after;
}

/**
 * Makes the proofs on this machine: someone can still log in and become root, and the disks are there.
 * What becomes of the running system is shown by name. What could not be proven is shown; on a terminal a
 * person may go on, otherwise it is refused.
 * @throws ToolError exit 6 for what could not be proven
 */
export async function requireSafe(
  ctx: Context,
  after: KnownSystem,
  running?: RunningConfiguration,
): Promise<void> {
  const record = systemRecord(ctx, currentSystem(ctx));
  const judged = judgeConfiguration(ctx, record?.facts ?? running?.facts, after.facts);
  const { disappears } = judged;
  const adopted = running?.adopted;
  const { identity } = after;
  if (adopted === undefined) showChanges(ctx, record?.identity, identity);
  const verdicts = [
    ...judged.verdicts,
    ...(adopted && identity ? judgeChanges(compareIdentities(adopted, identity)) : []),
  ];
  for (const { what, why } of verdicts) ctx.log.debug(`${what}: ${why}`);
  for (const name of disappears.accounts) {
    ctx.log.warn(`the account ${name} would be removed: the configuration no longer declares it`);
  }
  for (const name of disappears.lockedPasswords) {
    ctx.log.warn(
      `the password of ${name} would be locked: mutableUsers is off and none is declared`,
    );
  }
  const refused = refusals(verdicts);
  if (refused.length > 0) await refuse(ctx, refused);
  else ctx.log.info(`proven: ${proven(verdicts)}`);
}

/** What becomes of the system that runs; nothing is known of one that these tools did not make. */
function showChanges(
  ctx: Context,
  before: Identity | undefined,
  after: Identity | undefined,
): void {
  if (before === undefined || after === undefined) return;
  const comparison = compareIdentities(before, after);
  if (comparison.differences.length === 0) {
    return ctx.log.info("nothing of the running system changes");
  }
  ctx.log.info("what becomes of the running system:");
  ctx.out.print(comparisonText(comparison, ctx.out.columns, false, installedLayout(ctx)));
}

/** The two proofs in one sentence. */
function proven(verdicts: readonly Verdict[]): string {
  const claims = verdicts.filter(({ id }) => id === "login" || id === "root")
    .map(({ what, why }) => `${what} (${why})`);
  return claims.join(", and ");
}

/**
 * Says what could not be proven, and goes on only where a person wants it nevertheless.
 * @throws ToolError exit 6
 */
export async function refuse(ctx: Context, refused: readonly Verdict[]): Promise<void> {
  for (const { what, why, remedy } of refused) {
    ctx.log.error(`not proven: ${what}: ${why}`);
    if (remedy) ctx.log.error(`  would do: ${remedy}`);
  }
  const goOn = ctx.ui.interactive && await ctx.ui.confirm({
    message: "You may lock yourself out. Activate it nevertheless?",
    option: "--confirm",
    default: false,
  });
  if (goOn) return;
  const [first] = refused;
  throw new ToolError(`this would not be safe to activate: ${first!.what}: ${first!.why}`, {
    code: ExitCode.Configuration,
    hint: first!.remedy === undefined
      ? "what is missing is named above"
      : `add this to the configuration (${localModule(ctx)}): ${first!.remedy}`,
  });
}
