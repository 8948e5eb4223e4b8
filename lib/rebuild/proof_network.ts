import type { ConfigurationFacts } from "../nix/configuration_facts.ts";
import { proveAddress } from "./proof_address.ts";
import { proveFirewall } from "./proof_firewall.ts";
import { proveRoute } from "./proof_route.ts";
import type { Reach } from "./reach.ts";
import { fails, type Verdict } from "./verdict.ts";

/** Port open on the interface, address and route kept, interface names unchanged. */
export function proveNetwork(reach: Reach): Verdict[] {
  return [
    proveFirewall(reach),
    ...proveAddress(reach),
    ...proveRoute(reach),
    ...proveInterfaceNames(reach),
  ];
}

/** Interfaces that are configured by name must keep their names. */
function proveInterfaceNames({ before, after }: Reach): Verdict[] {
  const predictable = (facts: ConfigurationFacts) =>
    facts.network.usePredictableInterfaceNames ?? true;
  if (before === undefined || predictable(before) === predictable(after)) return [];
  return [fails(
    "interface-names",
    "interfaces keep their names",
    "the way they are named changes, and addresses belong to names",
    `networking.usePredictableInterfaceNames = ${predictable(before)};`,
  )];
}
