import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";

type Firewall = ConfigurationFacts["firewall"];
type Protocol = "tcp" | "udp";

/** The way in of a port that is open to all. */
export const EVERYWHERE = "it is open on every interface";

/**
 * What the options let a port in by, in words, the widest first.
 * @param device the only interface that counts; any one when it is not known
 */
export function waysIn(
  firewall: Firewall,
  port: number,
  device: string | undefined,
  protocol: Protocol = "tcp",
): string[] {
  const counts = (name: string) => device === undefined || name === device;
  return [
    ...(opens(firewall.open, port, protocol) ? [EVERYWHERE] : []),
    ...firewall.perInterface.filter(({ name, open }) => counts(name) && opens(open, port, protocol))
      .map(({ name }) => `it is open on ${name}`),
    ...firewall.trustedInterfaces.filter(counts).map((name) => `${name} is trusted`),
  ];
}

/** Whether options let a port in now, on any interface, and would do so no more on one of them. */
export function losesWays(
  before: Firewall,
  after: Firewall,
  port: number,
  protocol: Protocol,
): boolean {
  if (!after.enable) return false;
  const ways = waysIn(after, port, undefined, protocol);
  if (ways.includes(EVERYWHERE)) return false;
  const then = before.enable ? waysIn(before, port, undefined, protocol) : [EVERYWHERE];
  return then.some((way) => !ways.includes(way));
}

function opens(open: Firewall["open"], port: number, protocol: Protocol): boolean {
  const [ports, ranges] = protocol === "tcp"
    ? [open.tcp, open.tcpRanges]
    : [open.udp, open.udpRanges];
  return ports.includes(port) || ranges.some(({ from, to }) => from <= port && port <= to);
}
