/** What the tests of who gets in share. */
import { ok } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import type { MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { proofQuestion } from "../../../lib/rebuild/proofs/proof_question.ts";
import { proveAll } from "../../../lib/rebuild/proofs/registry.ts";
import { refusals, type Verdict } from "../../../lib/rebuild/proofs/verdict.ts";

/** Changes the facts of a configuration. */
export type Change = (facts: ConfigurationFacts) => void;

/** What could not be proven. */
export function refusalsOf(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  now: MachineNow,
): Verdict[] {
  return refusals(proveAll(proofQuestion(before, after, now)));
}

/** The options that would make it true. */
export function refused(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  now: MachineNow,
): string[] {
  return refusalsOf(before, after, now).map(({ remedy }) => {
    ok(remedy, "a refusal names what would make it true");
    return remedy;
  });
}
