import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { isStatic } from "./proof_address.ts";
import { comesWithRoute, definitionsOf } from "./network/address_managers.ts";
import { interfaceOf, isOfIpv6, isOfLink, isTunnel, prefixOf } from "./network/addresses.ts";
import { heirs } from "./network/heirs.ts";
import { unitHops } from "./network/network_units.ts";
import { unitAddresses, unitValues } from "./network/unit_text.ts";
import { inNetwork, sameAddress } from "../../machine/accounts/ssh_patterns.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** Whether the way back to the client stays: its next hop, unless it sits on the same network. */
export function proveRoute(question: ProofQuestion): Verdict[] {
  return [...proveWayBack(question), ...proveTables(question)];
}

function proveWayBack(question: ProofQuestion): Verdict[] {
  const { before, after, now, address, client } = question;
  if (address === undefined || client === undefined) {
    return before === undefined ? [] : proveGateways(before, after);
  }
  const v6 = address.includes(":");
  const prefix = prefixAfter(after, address) ?? prefixOf(now, address);
  const what = `answers find their way to ${client.replace(/%.*$/, "")}`;
  if (isTunnel(question)) {
    const below = before === undefined ? [] : proveGateways(before, after);
    return [holds("route", what, "through the tunnel"), ...below];
  }
  if (prefix !== undefined && inNetwork(client, address, prefix)) {
    return [holds("route", what, "it is on the same network")];
  }
  const device = interfaceOf(now, address);
  const brings = (facts: ConfigurationFacts) =>
    !isStatic(facts.network, address) &&
    (device === undefined ||
      heirs(question, device).some((heir) => comesWithRoute(facts, heir, v6)));
  if (brings(after)) return [holds("route", what, "the route comes with the address")];
  const gateway = v6 ? after.network.defaultGateway6 : after.network.defaultGateway;
  const isLost = gateway !== null && !isReached(question, gateway);
  const hops = [
    ...(gateway === null || isLost ? [] : [gateway.address]),
    ...hopsOfUnits(before, after, client),
    ...profileGateways(after),
    ...after.network.interfaces.flatMap((one) =>
      (v6 ? one.ipv6Routes : one.ipv4Routes)
        .filter((route) => inNetwork(client, route.address, route.prefixLength))
        .flatMap(({ via }) => via === null ? [] : [via])
    ),
  ].filter((hop) => isOfIpv6(hop) === v6);
  const declared = v6 ? before?.network.defaultGateway6 : before?.network.defaultGateway;
  const inUse = [...(declared ? [declared.address] : []), ...now.gateways]
    .filter((hop) => isOfIpv6(hop) === v6);
  const kept = inUse.find((hop) => hops.some((other) => sameAddress(hop, other)));
  if (kept !== undefined) return [holds("route", what, `through ${kept} as before`)];
  if (before !== undefined && !brings(before) && isUntouched(before, after)) {
    return [holds("route", what, "what leads there now stays as it is")];
  }
  if (inUse.length === 0 && hops.length > 0) {
    return [holds("route", what, `through ${hops[0]}`)];
  }
  if (isLost) {
    return [fails(
      "route",
      what,
      `${gateway.address} is not to be reached through ${gateway.interface ?? "no interface"}`,
      `networking.defaultGateway${v6 ? "6" : ""}.interface = "${
        interfaceOf(now, address) ?? "…"
      }";`,
    )];
  }
  const option = v6 ? "networking.defaultGateway6" : "networking.defaultGateway";
  return [fails(
    "route",
    what,
    hops.length === 0 ? "there is no default gateway" : `the gateway would be ${hops.join(", ")}`,
    `${option} = { address = "${inUse[0] ?? "…"}"; };`,
  )];
}

/** Whether nothing changes of the network, nor of what may make routes: services (BIRD, say), commands. */
function isUntouched(before: ConfigurationFacts, after: ConfigurationFacts): boolean {
  const [then, next] = [before, after].map((facts) =>
    JSON.stringify([facts.network, definitionsOf(facts, "networking.localCommands")])
  );
  return then === next && before.services.every((name) => after.services.includes(name));
}

/**
 * Whether a gateway is asked for on an interface that will be there. One of the link alone (fe80::/10) needs
 * to be told it.
 */
function isReached(question: ProofQuestion, gateway: Gateway): boolean {
  const { before, now, address = "" } = question;
  const then = before?.network[isOfIpv6(gateway.address) ? "defaultGateway6" : "defaultGateway"];
  if (then?.interface === gateway.interface) return true;
  if (gateway.interface === null) {
    return !isOfLink(gateway.address) || gateway.address.includes("%");
  }
  const device = interfaceOf(now, address);
  if (before === undefined) return now.interfaces.some(({ name }) => name === gateway.interface);
  return device === undefined ||
    heirs(question, device).some(({ name }) => name === gateway.interface);
}

type Gateway = NonNullable<ConfigurationFacts["network"]["defaultGateway"]>;

/** The prefix length that a configuration gives an address. */
function prefixAfter({ network }: ConfigurationFacts, address: string): number | undefined {
  const declared = network.interfaces.flatMap(({ ipv4, ipv6 }) => [...ipv4, ...ipv6])
    .find((own) => sameAddress(own.address, address))?.prefixLength;
  const values = network.networkdUnits.flatMap(({ text }) => unitAddresses(text));
  const [, length] = values.find((value) => sameAddress(value.split("/")[0]!, address))
    ?.split("/") ?? [];
  return declared ?? (length === undefined ? undefined : Number(length));
}

function proveGateways(before: ConfigurationFacts, after: ConfigurationFacts): Verdict[] {
  const known = [...hopsOfUnits(before, after), ...profileGateways(after)];
  return (["defaultGateway", "defaultGateway6"] as const).flatMap((name) => {
    const [then, next] = [before.network[name], after.network[name]];
    const stay = [...(next === null ? [] : [next.address]), ...known];
    const ofUnits = hopsOfUnits(before, before)
      .filter((hop) => isOfIpv6(hop) === (name === "defaultGateway6"));
    const hops = new Set([...(then === null ? [] : [then.address]), ...ofUnits]);
    return [...hops].map((hop) => {
      const what = `the default route goes through ${hop}`;
      if (stay.some((other) => sameAddress(other, hop))) return holds("route", what, "as before");
      return fails(
        "route",
        what,
        next === null ? "there is no default gateway" : `it would be ${next.address}`,
        `networking.${name} = { address = "${hop}"; };`,
      );
    });
  });
}

/** Hops of another route table count where it was so before: something sends answers there. */
function hopsOfUnits(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  client?: string,
): string[] {
  const [then, next] = [before, after].map((facts) =>
    facts?.network.networkdUnits.flatMap(({ text }) => unitHops(text, client)) ?? []
  );
  return next!.filter(({ hop, isUsed }) =>
    isUsed || then!.some((other) => !other.isUsed && sameAddress(other.hop, hop))
  ).map(({ hop }) => hop);
}

function profileGateways({ network }: ConfigurationFacts): string[] {
  if (!network.networkManager) return [];
  return network.networkProfiles?.flatMap(({ gateways }) => gateways) ?? [];
}

/** Names that systemd.network(5) knows by itself. */
const TABLE = /^(\d+|default|main|local|auto)?$/;

/** Names of route tables that units use are defined: networkd ignores a route in a table that it does not know. */
function proveTables({ after }: ProofQuestion): Verdict[] {
  const { networkd, useNetworkd, networkdUnits, routeTables } = after.network;
  if (!networkd && !useNetworkd || routeTables === undefined) return [];
  const named = networkdUnits.flatMap(({ name, text }) =>
    [...unitValues(text, "Table"), ...unitValues(text, "RouteTable")]
      .filter((table) => !TABLE.test(table)).map((table) => ({ name, table }))
  );
  const unknown = named.find(({ table }) => !routeTables.includes(table));
  if (unknown === undefined) return [];
  return [fails(
    "route",
    `the route table ${unknown.table} is known`,
    `${unknown.name} names it, and nothing says its number`,
    `systemd.network.config.routeTables.${unknown.table} = …; as in your present configuration`,
  )];
}
