import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { proveAddress } from "./proof_address.ts";
import { proveFirewall } from "./proof_firewall.ts";
import { proveLink, proveMembers } from "./proof_link.ts";
import { proveRoute, proveRouteTables } from "./proof_route.ts";
import type { Reach } from "./reach.ts";
import { fails, type Verdict } from "./verdict.ts";

/** Port open on the interface, address and route kept, interface names unchanged. */
export function proveNetwork(reach: Reach): Verdict[] {
  return [
    proveFirewall(reach),
    ...proveLink(reach),
    ...proveMembers(reach),
    ...proveAddress(reach),
    ...proveRoute(reach),
    ...proveRouteTables(reach),
    ...proveInterfaceNames(reach),
  ];
}

/** Rules of the owner that give network interfaces names; udev(7). */
function renames({ plain = [] }: ConfigurationFacts): string[] {
  const rules = plain.find(({ name }) => name === "services.udev.extraRules")?.said[0]?.value;
  return String(rules ?? "").split("\n").map((line) => line.trim())
    .filter((line) => /^(?!#).*SUBSYSTEM=="net".*\bNAME:?="/.test(line));
}

/** Interfaces that are configured by name must keep their names. */
function proveInterfaceNames({ before, after }: Reach): Verdict[] {
  const predictable = (facts: ConfigurationFacts) =>
    facts.network.usePredictableInterfaceNames ?? true;
  if (before === undefined) return [];
  const what = "interfaces keep their names";
  const lost = renames(before).find((line) => !renames(after).includes(line));
  if (lost !== undefined) {
    return [fails(
      "interface-names",
      what,
      `a rule that names one would be gone: ${lost}`,
      "services.udev.extraRules, as in your present configuration",
    )];
  }
  if (predictable(before) === predictable(after)) return [];
  return [fails(
    "interface-names",
    what,
    "the way they are named changes, and addresses belong to names",
    `networking.usePredictableInterfaceNames = ${predictable(before)};`,
  )];
}
