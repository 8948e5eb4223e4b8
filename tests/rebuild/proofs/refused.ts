/** What the tests of proveAccess() share. */
import { ok } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import type { MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { proveAccess, refusals } from "../../../lib/rebuild/proofs/proof_access.ts";

/** Changes the facts of a configuration. */
export type Change = (facts: ConfigurationFacts) => void;

/** The options that would make true what could not be proven. */
export function refused(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  now: MachineNow,
): string[] {
  return refusals(proveAccess({ before, after, now })).map(({ remedy }) => {
    ok(remedy, "a refusal names what would make it true");
    return remedy;
  });
}
