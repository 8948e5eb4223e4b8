import type { AttributeSet } from "../../nix/expressions/expression.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { merge, override, type Setting } from "./setting.ts";

type Network = ConfigurationFacts["network"];
type PortSet = ConfigurationFacts["firewall"]["open"];

/** The network as the configuration declares it: addresses, routes, name servers, who manages it. */
export function carryNetwork(facts: ConfigurationFacts, source: string): Setting[] {
  const { network } = facts;
  const on = (option: string, value: boolean) => value ? [override(option, true, source)] : [];
  const gateway = (option: string, value: Network["defaultGateway"]) =>
    value ? [override(option, withoutNulls(value), source)] : [];
  const list = (option: string, values: readonly string[]) =>
    values.length > 0 ? [merge(option, values, source)] : [];
  return [
    override("networking.useDHCP", network.useDHCP, source),
    ...on("networking.useNetworkd", network.useNetworkd),
    ...on("networking.networkmanager.enable", network.networkManager),
    ...on("networking.wireless.enable", network.wireless),
    ...on("systemd.network.enable", network.networkd && !network.useNetworkd),
    ...on("services.cloud-init.enable", network.cloudInit),
    ...on("services.cloud-init.network.enable", network.cloudInitNetwork),
    ...on("services.resolved.enable", network.resolved),
    ...(network.usePredictableInterfaceNames === false
      ? [override("networking.usePredictableInterfaceNames", false, source)]
      : []),
    ...network.bridges.map(({ name, interfaces, rstp }) =>
      named("bridges", name, { interfaces, rstp }, source)
    ),
    ...network.bonds.map(({ name, interfaces, driverOptions }) =>
      named("bonds", name, { interfaces, driverOptions }, source)
    ),
    ...network.vlans.map(({ name, id, interface: parent }) =>
      named("vlans", name, { id, interface: parent }, source)
    ),
    ...network.interfaces.flatMap((one) => carryInterface(one, source)),
    ...gateway("networking.defaultGateway", network.defaultGateway),
    ...gateway("networking.defaultGateway6", network.defaultGateway6),
    ...list("networking.nameservers", network.nameservers),
    ...list("networking.search", network.search),
    ...network.networkdUnits.map(({ name, text }): Setting => ({
      option: ["systemd", "network", "units", name, "text"],
      value: text,
      how: "override",
      source,
    })),
  ];
}

/** The firewall, with every port that is open; ports merge with those that Hyper-NixOS opens. */
export function carryFirewall(facts: ConfigurationFacts, source: string): Setting[] {
  const { firewall, ssh } = facts;
  const enable = override("networking.firewall.enable", firewall.enable, source);
  // Rules of their own (networking.nftables.ruleset) may stand in the firewall's place.
  if (!firewall.enable) {
    return firewall.nftables
      ? [enable, override("networking.nftables.enable", true, source)]
      : [enable];
  }
  // sshd opens its own ports, and closes them when they are changed.
  const tcp = firewall.open.tcp.filter((port) =>
    !(ssh.enable && ssh.openFirewall && ssh.ports.includes(port))
  );
  // NixOS trusts the loopback interface by itself.
  const trusted = firewall.trustedInterfaces.filter((name) => name !== "lo");
  const text = (option: string, value: string) =>
    value.trim() === "" ? [] : [merge(option, value, source)];
  return [
    enable,
    override("networking.nftables.enable", firewall.nftables, source),
    override("networking.firewall.allowPing", firewall.allowPing, source),
    ...portSettings(["networking", "firewall"], { ...firewall.open, tcp }, source),
    ...firewall.perInterface.flatMap(({ name, open }) =>
      portSettings(["networking", "firewall", "interfaces", name], open, source)
    ),
    ...(trusted.length > 0
      ? [merge("networking.firewall.trustedInterfaces", trusted, source)]
      : []),
    ...text("networking.firewall.extraCommands", firewall.extraCommands),
    ...text("networking.firewall.extraInputRules", firewall.extraInputRules),
  ];
}

function carryInterface(one: Network["interfaces"][number], source: string): Setting[] {
  const set = (name: string, value: Setting["value"]): Setting => ({
    option: ["networking", "interfaces", one.name, ...name.split(".")],
    value,
    how: "override",
    source,
  });
  const list = (name: string, values: readonly object[]) =>
    values.length > 0 ? [set(name, values.map(withoutNulls))] : [];
  return [
    ...(one.useDHCP === null ? [] : [set("useDHCP", one.useDHCP)]),
    ...list("ipv4.addresses", one.ipv4),
    ...list("ipv6.addresses", one.ipv6),
    ...list("ipv4.routes", one.ipv4Routes),
    ...list("ipv6.routes", one.ipv6Routes),
    ...(one.macAddress === null ? [] : [set("macAddress", one.macAddress)]),
    ...(one.mtu === null ? [] : [set("mtu", one.mtu)]),
    ...(one.virtual ? [set("virtual", true)] : []),
  ];
}

function named(kind: string, name: string, value: AttributeSet, source: string): Setting {
  return { option: ["networking", kind, name], value, how: "override", source };
}

function portSettings(prefix: readonly string[], open: PortSet, source: string): Setting[] {
  const lists = {
    allowedTCPPorts: open.tcp,
    allowedUDPPorts: open.udp,
    allowedTCPPortRanges: open.tcpRanges,
    allowedUDPPortRanges: open.udpRanges,
  };
  return Object.entries(lists).filter(([, values]) => values.length > 0).map((
    [name, values],
  ): Setting => ({ option: [...prefix, name], value: values, how: "merge", source }));
}

/** A record as an attribute set, without its null members: their options have no null. */
function withoutNulls(record: object): AttributeSet {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}
