import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, type Verdict } from "./verdict.ts";

/** Rules of the owner that give network interfaces names; udev(7). */
function renames({ plain = [] }: ConfigurationFacts): string[] {
  const rules = plain.find(({ name }) => name === "services.udev.extraRules")?.said[0]?.value;
  return String(rules ?? "").split("\n").map((line) => line.trim())
    .filter((line) => /^(?!#).*SUBSYSTEM=="net".*\bNAME:?="/.test(line));
}

/** Whether interfaces that are configured by name keep their names. */
export function proveInterfaceNames({ before, after }: ProofQuestion): Verdict[] {
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
