import { equal } from "node:assert/strict";
import { peerOf, tunnelOf } from "../../../../lib/rebuild/proofs/network/tunnels.ts";
import { configurationFacts } from "../../../support/facts.ts";

function withPeers(...peers: readonly (readonly [key: string, ...allowed: string[]])[]) {
  return {
    name: "wg0",
    addresses: [],
    listenPort: null,
    keyFile: null,
    peers: peers.map(([key, ...allowedIPs]) => ({ key, allowedIPs, endpoint: null })),
  };
}

Deno.test("peerOf() takes the peer of the narrowest network, as WireGuard routes", () => {
  const tunnel = withPeers(
    ["all", "0.0.0.0/0", "::/0"],
    ["lan", "10.0.0.0/8"],
    ["host", "10.1.2.3"],
    ["six", "fd00::/64", "fd00:1::5"],
    ["none"],
  );
  const table = {
    "10.1.2.3": "host",
    "10.1.2.4": "lan",
    "192.0.2.1": "all",
    "fd00::9": "six",
    "fd00:1::5": "six",
    "fd00:1::6": "all",
  };
  for (const [address, key] of Object.entries(table)) {
    equal(peerOf(tunnel, address)?.key, key, address);
  }
  equal(peerOf(withPeers(["host", "10.1.2.3/32"]), "10.1.2.4"), undefined);
  equal(peerOf(withPeers(), "10.1.2.4"), undefined);
});

Deno.test("tunnelOf() knows only what is WireGuard's, by its name", () => {
  const { network } = configurationFacts((facts) => {
    facts.network.networkdUnits = [
      { name: "10.netdev", text: "[NetDev]\nName=br0\nKind=bridge\n" },
      {
        name: "20.netdev",
        text: "[NetDev]\nName=wg1\nKind=wireguard\n[WireGuard]\nListenPort=auto\n",
      },
    ];
    facts.network.tunnels = [withPeers(["a", "10.0.0.1"])];
  });
  equal(tunnelOf(network, "wg0")?.peers.length, 1);
  equal(tunnelOf(network, "wg1")?.listenPort, null);
  equal(tunnelOf(network, "br0"), undefined);
  equal(tunnelOf(network, "wg2"), undefined);
});
