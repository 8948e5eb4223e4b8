import { ToolError } from "../machine/tool_error.ts";
import { places } from "../machine/places.ts";
import type { ConfigurationFacts } from "../nix/evaluation/configuration_facts.ts";
import { type Finding, skip } from "./check.ts";
import type { Facts } from "./facts.ts";

/** The evaluated configuration, or the skip of a check that needs it: the reason is another check's. */
export async function evaluated(facts: Facts): Promise<ConfigurationFacts | Finding> {
  if (!facts.hasSource()) return skip(`there is no ${places.source}/flake.nix`);
  try {
    return await facts.configuration() ?? skip("the flake has no host for this machine");
  } catch (error) {
    if (error instanceof ToolError) return skip("the configuration cannot be evaluated");
    throw error;
  }
}
