import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { comesInOn, isTunnel } from "./network/addresses.ts";
import { droppingRules, type Packets } from "./firewall/dropping_rules.ts";
import { EVERYWHERE, waysIn } from "./firewall/ways_in.ts";
import { shutByTables } from "./firewall/dropping_tables.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

type Firewall = ConfigurationFacts["firewall"];

/** Whether the new firewall lets the session's port in, on the interface it comes in on. */
export function proveFirewall(question: ProofQuestion): Verdict[] {
  return [judge(question)];
}

function judge(question: ProofQuestion): Verdict {
  const { before, after, port, address, client } = question;
  const what = `the firewall lets port ${port} in`;
  const { firewall } = after;
  const device = comesInOn(question);
  if (device === "lo") return holds("firewall", what, "it comes from this machine itself");
  // A packet has to get through all tables. extraInputRules come behind what the options let in.
  const shut = shutByTables(tablesNow(before?.firewall), firewall.ownTables ?? "", {
    port,
    device,
    client,
  });
  if (shut !== undefined) {
    return fails(
      "firewall",
      what,
      `of nftables' own tables, ${shut}`,
      `tcp dport ${port} accept, before what drops, in networking.nftables.tables or .ruleset`,
    );
  }
  if (!firewall.enable) return holds("firewall", what, "there is no firewall");
  const way = waysIn(firewall, port, device)[0];
  if (way !== undefined && (device !== undefined || way === EVERYWHERE)) {
    const [rule] = newRules(before?.firewall, firewall, { port, device, client });
    return rule === undefined ? holds("firewall", what, way) : fails(
      "firewall",
      what,
      `${way}, but a rule that is not there now may drop it, and is added once more at every ` +
        `reload of the firewall: ${rule}`,
      "take it out: switch off what makes it, or set networking.firewall.extraCommands with lib.mkForce",
    );
  }
  if (
    address !== undefined && before?.firewall.enable &&
    waysIn(before.firewall, port, device).length === 0 && isByHand(before.firewall, firewall) &&
    // What makes a tunnel lets its packets in itself, before NixOS's chain (tailscaled's ts-input).
    (firewall.nftables || !isTunnel(question))
  ) {
    return fails(
      "firewall",
      what,
      `port ${port} is not among the open ones now either: what lets it in was made by hand while the ` +
        "machine ran, and may be gone when the firewall is made anew, or at the next boot",
      `networking.firewall.allowedTCPPorts = [ ${port} ];`,
    );
  }
  if (before?.firewall.enable && staysAsItIs(before.firewall, firewall, port, device)) {
    return holds("firewall", what, "what lets it in now stays as it is");
  }
  return fails(
    "firewall",
    what,
    `port ${port} is not among the open ones`,
    `networking.firewall.allowedTCPPorts = [ ${port} ];`,
  );
}

/** A record of a system that is older than `ownTables` has the same rules among all of them. */
function tablesNow(before: Firewall | undefined): string {
  return before?.nftables ? before.ownTables ?? before.rules : "";
}

/** Those of its own that the firewall has not now, and that may drop the session's packets. */
function newRules(before: Firewall | undefined, after: Firewall, packets: Packets): string[] {
  const known = before?.enable ? droppingRules(before.extraCommands, packets) : [];
  return after.nftables
    ? []
    : droppingRules(after.extraCommands, packets).filter((rule) => !known.includes(rule));
}

/** Whether every way in stays, the rules of the owner's own among them, which nobody here can read. */
function staysAsItIs(
  before: Firewall,
  after: Firewall,
  port: number,
  device: string | undefined,
): boolean {
  const own = ({ extraCommands, extraInputRules }: Firewall) => extraCommands + extraInputRules;
  const ways = waysIn(after, port, device);
  return waysIn(before, port, device).every((way) => ways.includes(way)) &&
    own(after) === own(before);
}

/**
 * Whether nothing of the present configuration but its options lets anybody in, and the firewall is made anew:
 * then a rule that somebody made at run time is lost. While nothing changes, nothing is made anew.
 */
function isByHand(before: Firewall, after: Firewall): boolean {
  const own = before.nftables ? before.extraInputRules : before.rules;
  // A record of an older tool lacks what is newer.
  return own.trim() === "" &&
    Object.entries(before).some(([name, value]) =>
      JSON.stringify(value) !== JSON.stringify(after[name as keyof Firewall])
    );
}
