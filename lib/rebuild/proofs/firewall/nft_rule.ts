import { inNetwork, type Match, wildcard } from "../../../machine/accounts/ssh_patterns.ts";
import { isOfService, type Packets } from "./dropping_rules.ts";

/** Which of a connection's packets a chain sees: the session's, or the answers to them. */
export type Direction = "in" | "out";

/** What a rule of nftables (nft(8)) may do with the packets of a new session. */
export interface NftRule {
  readonly mayDrop: boolean;
  /** By it they may get through this hook, or go on elsewhere. */
  readonly mayLet: boolean;
  /** By it all of them get through this hook. */
  readonly letsAll: boolean;
}

const VALUE = String.raw`(==\s*|!=\s*)?(\{[^}]*\}|[^\s{]+)`;
/** The matches that are read; what else a rule says may narrow it. */
const MATCH = new RegExp(
  String.raw`^(tcp [ds]port|iif(?:name)?|oif(?:name)?|ip6? [ds]addr|ct state|meta l4proto|` +
    String.raw`ip protocol|ip6 nexthdr|meta nfproto)\s+(?!vmap\b|map\b|\.)${VALUE}\s*`,
);
/** Protocols that are none of SSH's; `nft` reads a rule with one of these as one about that protocol. */
const OTHER = /^(udp|udplite|icmp|icmpv6|sctp|dccp|esp|ah|comp|gre|igmp|arp)\b/;

/** Reads one rule; what is not read of it may be anything. Pure. */
export function readNftRule(rule: string, packets: Packets, direction: Direction): NftRule {
  const matches: Match[] = [];
  let rest = rule.replaceAll(/,\s+/g, ",");
  for (let found = MATCH.exec(rest); found !== null; found = MATCH.exec(rest)) {
    const [whole, key = "", sign = "", value = ""] = found;
    const match = matching(key, elements(value), packets, direction);
    // `nft` adds to a rule about a header that there is one: no other packet fits, whatever is negated.
    const family = familyOf(key, packets);
    matches.push(family, sign.startsWith("!") ? opposite(match) : match);
    rest = rest.slice(whole.length);
  }
  const concerns = !matches.includes("no") && !OTHER.test(rest);
  const ways = rest.replace(
    /\bct state vmap \{([^}]*)\}/,
    (_, entries: string) =>
      elements(entries).filter((one) => !/^(invalid|untracked)\b/.test(one)).join(" "),
  );
  return {
    mayDrop: concerns && /\b(drop|reject)\b/.test(ways),
    mayLet: concerns && /\b(accept|jump|goto|return|queue)\b/.test(ways),
    letsAll: /^(counter\s+(packets \d+ bytes \d+\s+)?)?accept$/.test(rest) &&
      matches.every((match) => match === "yes"),
  };
}

function matching(
  key: string,
  values: readonly string[],
  { port, device, client }: Packets,
  direction: Direction,
): Match {
  const [near, far] = direction === "in" ? ["d", "s"] : ["s", "d"];
  switch (key) {
    case `tcp ${near}port`:
      return any(values, (value) => isPort(value, port));
    case `tcp ${near === "d" ? "s" : "d"}port`:
      return direction === "out" && values.every(isOfService) ? "no" : "maybe";
    case "ct state":
      // The first packet is new, those after it are of a connection that is there, like all answers.
      return any(values, (value) => {
        if (value === "new") return direction === "in" ? "yes" : "no";
        return value === "established"
          ? direction === "in" ? "maybe" : "yes"
          : unknownOr("no", value);
      });
    case "meta l4proto":
    case "ip protocol":
    case "ip6 nexthdr":
      return any(values, (value) => /^(tcp|6)$/.test(value) ? "yes" : unknownOr("no", value));
    case "meta nfproto":
      return any(values, (value) => isOfFamily(value === "ipv6" ? "ip6" : "ip", client));
    case `ip ${far}addr`:
    case `ip6 ${far}addr`:
      return any(values, (value) => client === undefined ? "maybe" : isFrom(value, client));
  }
  const named = /^([io])if/.exec(key)?.[1];
  if (named !== undefined && (named === "i") === (direction === "in")) {
    if (device === undefined) return "maybe";
    return any(values, (value) => wildcard(value, device) ? "yes" : unknownOr("no", value));
  }
  return "maybe";
}

/** Whether the packets have the header that a match is about. */
function familyOf(key: string, { client }: Packets): Match {
  const [header = ""] = key.split(" ");
  return header === "ip" || header === "ip6" ? isOfFamily(header, client) : "yes";
}

function isOfFamily(family: "ip" | "ip6", client: string | undefined): Match {
  if (client === undefined) return "maybe";
  const isV6 = client.includes(":") && !/^::ffff:\d+\./i.test(client);
  return isV6 === (family === "ip6") ? "yes" : "no";
}

function isPort(value: string, port: number): Match {
  const [from = "", to = from] = value.split("-");
  if (value === "ssh") return port === 22 ? "yes" : "no";
  if (!/^\d+$/.test(from) || !/^\d+$/.test(to)) return "maybe";
  return Number(from) <= port && port <= Number(to) ? "yes" : "no";
}

function isFrom(value: string, client: string): Match {
  const [network = "", length = network.includes(":") ? "128" : "32"] = value.split("/");
  // A range, a name, a variable.
  if (!/^[\da-f.:]+$/i.test(network) || !/^\d+$/.test(length)) return "maybe";
  return inNetwork(client, network, Number(length)) ? "yes" : "no";
}

function unknownOr(otherwise: Match, value: string): Match {
  return /[$@]/.test(value) ? "maybe" : otherwise;
}

function any(values: readonly string[], match: (value: string) => Match): Match {
  const all = values.map(match);
  return all.includes("yes") ? "yes" : all.includes("maybe") ? "maybe" : "no";
}

function opposite(match: Match): Match {
  return match === "yes" ? "no" : match === "no" ? "yes" : "maybe";
}

/** What a set holds, or the one value that stands for it. */
function elements(value: string): string[] {
  return value.replaceAll(/[{}]/g, " ").split(",").map((one) => one.trim())
    .filter((one) => one !== "");
}
