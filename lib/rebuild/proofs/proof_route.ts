import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { isStatic } from "./proof_address.ts";
import { isOfIpv6, prefixOf, unitGateways, unitValues } from "./addresses.ts";
import { inNetwork, sameAddress } from "../../machine/accounts/ssh_patterns.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** Whether the way back to the client stays: its next hop, unless it sits on the same network. */
export function proveRoute(question: ProofQuestion): Verdict[] {
  return [...proveWayBack(question), ...proveTables(question)];
}

function proveWayBack({ before, after, now, address, client }: ProofQuestion): Verdict[] {
  if (address === undefined || client === undefined) {
    return before === undefined ? [] : proveGateways(before, after);
  }
  const v6 = address.includes(":");
  const prefix = prefixOf(now, address);
  const what = `answers find their way to ${client.replace(/%.*$/, "")}`;
  if (prefix !== undefined && inNetwork(client, address, prefix)) {
    return [holds("route", what, "it is on the same network")];
  }
  if (!isStatic(after.network, address)) {
    return [holds("route", what, "the route comes with the address")];
  }
  const gateway = v6 ? after.network.defaultGateway6 : after.network.defaultGateway;
  const hops = [
    ...(gateway === null ? [] : [gateway.address]),
    ...after.network.networkdUnits.flatMap(({ text }) => unitGateways(text, client)),
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
  if (inUse.length === 0 && hops.length > 0) {
    return [holds("route", what, `through ${hops[0]}`)];
  }
  const option = v6 ? "networking.defaultGateway6" : "networking.defaultGateway";
  return [fails(
    "route",
    what,
    hops.length === 0 ? "there is no default gateway" : `the gateway would be ${hops.join(", ")}`,
    `${option} = { address = "${inUse[0] ?? "…"}"; };`,
  )];
}

function proveGateways(before: ConfigurationFacts, after: ConfigurationFacts): Verdict[] {
  return (["defaultGateway", "defaultGateway6"] as const).flatMap((name) => {
    const [then, next] = [before.network[name], after.network[name]];
    if (then === null) return [];
    const what = `the default route goes through ${then.address}`;
    const units = after.network.networkdUnits.flatMap(({ text }) => unitGateways(text));
    const kept = [...(next === null ? [] : [next.address]), ...units, ...profileGateways(after)]
      .some((hop) => sameAddress(hop, then.address));
    return kept ? [holds("route", what, "as before")] : [fails(
      "route",
      what,
      next === null ? "there is no default gateway" : `it would be ${next.address}`,
      `networking.${name} = { address = "${then.address}"; };`,
    )];
  });
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
