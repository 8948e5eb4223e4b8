import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import type { MachineNow } from "../machine_now.ts";
import type { ProofQuestion } from "../proof_question.ts";
import { inNetwork, sameAddress } from "../../../machine/accounts/ssh_patterns.ts";

type Network = ConfigurationFacts["network"];

/** The interface that has an address now. */
export function interfaceOf(now: MachineNow, address: string): string | undefined {
  return now.interfaces.find((one) =>
    one.addresses.some((own) => sameAddress(own.address, address))
  )?.name;
}

/**
 * The interface that the session's packets come in on; undefined when that is not known. An address of `lo`
 * or of a dummy interface is reached through any card: only the loopback's own come from this machine.
 */
export function comesInOn(
  { now, address, client }: Pick<ProofQuestion, "now" | "address" | "client">,
): string | undefined {
  if (address === undefined) return undefined;
  if (isLoopback(address) || client !== undefined && interfaceOf(now, client)) return "lo";
  const device = interfaceOf(now, address);
  return device !== undefined && /^(lo|dummy\d*)$/.test(device) ? undefined : device;
}

/** Whether the session comes through a tunnel. */
export function isTunnel({ now, address }: ProofQuestion): boolean {
  const device = address === undefined ? undefined : interfaceOf(now, address);
  return now.interfaces.some(({ name, kind }) => name === device && kind === "tunnel");
}

/** Whether an address is this machine's own, for itself alone. */
export function isLoopback(address: string): boolean {
  return inNetwork(address, "127.0.0.0", 8) || sameAddress(address, "::1");
}

/** Whether an address is one that an interface makes for its own link. */
export function isOfLink(address: string): boolean {
  return inNetwork(address, "fe80::", 10);
}

/** The prefix length that an address has now. */
export function prefixOf(now: MachineNow, address: string): number | undefined {
  return now.interfaces.flatMap((one) => one.addresses)
    .find((own) => sameAddress(own.address, address))?.prefixLength;
}

/** Whether a next hop is of IPv6: an address, or a word such as `_ipv6ra`. */
export function isOfIpv6(hop: string): boolean {
  return hop.startsWith("_") ? hop.includes("6") : hop.includes(":");
}

/**
 * What an interface stands on in the end: the members of a bridge or bond, what a VLAN is on; else itself. Pure.
 * @param above what it is a member of
 */
export function cardsOf(network: Network, name: string, above: readonly string[] = []): string[] {
  const below = [
    ...[...network.bridges, ...network.bonds].filter((one) => one.name === name)
      .flatMap((one) => one.interfaces),
    ...network.vlans.filter((one) => one.name === name).map((one) => one.interface),
  ];
  if (below.length === 0) return [name];
  const seen = [...above, name];
  return below.filter((one) => !seen.includes(one)).flatMap((one) => cardsOf(network, one, seen));
}
