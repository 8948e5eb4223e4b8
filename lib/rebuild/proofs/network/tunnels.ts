import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import { inNetwork } from "../../../machine/accounts/ssh_patterns.ts";
import { unitSections, unitValues } from "./unit_text.ts";

type Network = ConfigurationFacts["network"];
/** An interface of WireGuard, as a configuration says it. */
type Tunnel = NonNullable<Network["tunnels"]>[number];

/** WireGuard's interface of a name: of NixOS's options, or of networkd's units (systemd.netdev(5)). Pure. */
export function tunnelOf(network: Network, name: string): Tunnel | undefined {
  const unit = network.networkdUnits.find(({ text }) =>
    unitValues(text, "Kind", "NetDev")[0] === "wireguard" &&
    unitValues(text, "Name", "NetDev").includes(name)
  );
  return network.tunnels?.find((one) => one.name === name) ??
    (unit && ofUnit(name, unit.text));
}

/** The peer that an address is behind: of several the one of the narrowest network. Pure. */
export function peerOf({ peers }: Tunnel, address: string): Tunnel["peers"][number] | undefined {
  const lengths = peers.map((peer) => {
    const fitting = peer.allowedIPs.flatMap((entry) => {
      const [network = "", length = network.includes(":") ? "128" : "32"] = entry.split("/");
      return inNetwork(address, network, Number(length)) ? [Number(length)] : [];
    });
    return { peer, length: Math.max(-1, ...fitting) };
  }).filter(({ length }) => length >= 0);
  return lengths.sort((a, b) => b.length - a.length)[0]?.peer;
}

function ofUnit(name: string, text: string): Tunnel {
  const value = (key: string) => unitValues(text, key, "WireGuard")[0];
  const port = Number(value("ListenPort"));
  return {
    name,
    addresses: [],
    listenPort: port > 0 ? port : null,
    keyFile: value("PrivateKeyFile") ?? null,
    peers: unitSections(text).filter((section) => section.name === "WireGuardPeer")
      .map((section) => ({
        key: unitValues(section.text, "PublicKey")[0] ?? "",
        allowedIPs: unitValues(section.text, "AllowedIPs").flatMap((words) => words.split(","))
          .filter((word) => word !== ""),
        endpoint: unitValues(section.text, "Endpoint")[0] ?? null,
      })),
  };
}
