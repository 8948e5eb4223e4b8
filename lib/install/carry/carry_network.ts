import type { AttributeSet } from "../../nix/expressions/expression.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { merge, override, said, type Setting } from "./setting.ts";

type Network = ConfigurationFacts["network"];
type PortSet = ConfigurationFacts["firewall"]["open"];

/** The network as the configuration declares it: addresses, routes, name servers, who manages it. */
export function carryNetwork({ network }: ConfigurationFacts): Setting[] {
  return [
    override("networking.useDHCP", network.useDHCP),
    ...said([], {
      "networking.useNetworkd": network.useNetworkd,
      "networking.networkmanager.enable": network.networkManager,
      "networking.wireless.enable": network.wireless,
      "systemd.network.enable": network.networkd && !network.useNetworkd,
      "services.cloud-init.enable": network.cloudInit,
      "services.cloud-init.network.enable": network.cloudInitNetwork,
      "services.resolved.enable": network.resolved,
    }),
    ...(network.usePredictableInterfaceNames === false
      ? [override("networking.usePredictableInterfaceNames", false)]
      : []),
    ...network.bridges.map(({ name, ...one }) => override(["networking", "bridges", name], one)),
    ...network.bonds.map(({ name, ...one }) => override(["networking", "bonds", name], one)),
    ...network.vlans.map(({ name, ...one }) => override(["networking", "vlans", name], one)),
    ...network.interfaces.flatMap(carryInterface),
    ...said("networking", {
      defaultGateway: network.defaultGateway && withoutNulls(network.defaultGateway),
      defaultGateway6: network.defaultGateway6 && withoutNulls(network.defaultGateway6),
    }),
    ...said("networking", { nameservers: network.nameservers, search: network.search }, merge),
    ...network.networkdUnits.map(({ name, text }) =>
      override(["systemd", "network", "units", name, "text"], text)
    ),
  ];
}

/** The firewall, with every port that is open; ports merge with those that Hyper-NixOS opens. */
export function carryFirewall({ firewall, ssh }: ConfigurationFacts): Setting[] {
  const enable = override("networking.firewall.enable", firewall.enable);
  // Rules of their own (networking.nftables.ruleset) may stand in the firewall's place.
  if (!firewall.enable) {
    return [enable, ...said("networking.nftables", { enable: firewall.nftables })];
  }
  // sshd opens its own ports, and closes them when they are changed.
  const tcp = firewall.open.tcp.filter((port) =>
    !(ssh.enable && ssh.openFirewall && ssh.ports.includes(port))
  );
  const text = (value: string) => value.trim() === "" ? "" : value;
  return [
    enable,
    override("networking.nftables.enable", firewall.nftables),
    override("networking.firewall.allowPing", firewall.allowPing),
    ...portSettings(["networking", "firewall"], { ...firewall.open, tcp }),
    ...firewall.perInterface.flatMap(({ name, open }) =>
      portSettings(["networking", "firewall", "interfaces", name], open)
    ),
    ...said("networking.firewall", {
      // NixOS trusts the loopback interface by itself.
      trustedInterfaces: firewall.trustedInterfaces.filter((name) => name !== "lo"),
      extraCommands: text(firewall.extraCommands),
      extraInputRules: text(firewall.extraInputRules),
    }, merge),
  ];
}

function carryInterface(one: Network["interfaces"][number]): Setting[] {
  const option = ["networking", "interfaces", one.name];
  return [
    ...(one.useDHCP === null ? [] : [override([...option, "useDHCP"], one.useDHCP)]),
    ...said(option, {
      "ipv4.addresses": one.ipv4,
      "ipv6.addresses": one.ipv6,
      "ipv4.routes": one.ipv4Routes.map(withoutNulls),
      "ipv6.routes": one.ipv6Routes.map(withoutNulls),
      macAddress: one.macAddress,
      mtu: one.mtu,
      virtual: one.virtual,
    }),
  ];
}

function portSettings(prefix: readonly string[], open: PortSet): Setting[] {
  return said(prefix, {
    allowedTCPPorts: open.tcp,
    allowedUDPPorts: open.udp,
    allowedTCPPortRanges: open.tcpRanges,
    allowedUDPPortRanges: open.udpRanges,
  }, merge);
}

/** A record as an attribute set, without its null members: their options have no null. */
function withoutNulls(record: object): AttributeSet {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}
