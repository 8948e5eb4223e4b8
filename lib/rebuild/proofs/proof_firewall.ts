import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { interfaceOf } from "./addresses.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** Whether the new firewall lets the session's port in, on the interface it comes in on. */
export function proveFirewall(question: ProofQuestion): Verdict[] {
  return [judge(question)];
}

function judge({ before, after, now, port, address }: ProofQuestion): Verdict {
  const what = `the firewall lets port ${port} in`;
  const { firewall } = after;
  if (!firewall.enable) return holds("firewall", what, "there is no firewall");
  const device = address === undefined ? undefined : interfaceOf(now, address);
  if (device === "lo") return holds("firewall", what, "it comes from this machine itself");
  const onInterface = firewall.perInterface.find(({ name }) => name === device)?.open;
  if (opens(firewall.open, port)) return holds("firewall", what, "it is open on every interface");
  if (device !== undefined && onInterface && opens(onInterface, port)) {
    return holds("firewall", what, `it is open on ${device}`);
  }
  if (device !== undefined && firewall.trustedInterfaces.includes(device)) {
    return holds("firewall", what, `${device} is trusted`);
  }
  const own = (facts: ConfigurationFacts) =>
    facts.firewall.extraCommands + facts.firewall.extraInputRules;
  if (before?.firewall.enable && !opens(before.firewall.open, port) && own(after) === own(before)) {
    return holds("firewall", what, "rules of its own let it in, and they stay as they are");
  }
  return fails(
    "firewall",
    what,
    `port ${port} is not among the open ones`,
    `networking.firewall.allowedTCPPorts = [ ${port} ];`,
  );
}

function opens(open: ConfigurationFacts["firewall"]["open"], port: number): boolean {
  return open.tcp.includes(port) ||
    open.tcpRanges.some(({ from, to }) => from <= port && port <= to);
}
