import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { Context } from "../../machine/context.ts";
import { type Disappearing, disappearing } from "./disappearing.ts";
import type { MachineNow } from "./machine_now.ts";
import { proofQuestion } from "./proof_question.ts";
import { readMachineNow } from "./read_machine_now.ts";
import { proveAll } from "./registry.ts";
import type { Verdict } from "./verdict.ts";

/** What is known of a configuration before it is activated. */
export interface ConfigurationJudgement {
  readonly verdicts: readonly Verdict[];
  readonly disappears: Disappearing;
}

/**
 * Makes all proofs, on this machine as it is now.
 * @param before the configuration that runs, undefined when it cannot be evaluated
 * @param plannedPasswords password files that are written before the activation, by machine path
 */
export function judgeConfiguration(
  ctx: Context,
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  plannedPasswords: MachineNow["passwordFiles"] = {},
): ConfigurationJudgement {
  const found = readMachineNow(ctx, before, after);
  const now = { ...found, passwordFiles: { ...found.passwordFiles, ...plannedPasswords } };
  const verdicts = proveAll(proofQuestion(before, after, now));
  return { verdicts, disappears: disappearing(before, after, now) };
}
