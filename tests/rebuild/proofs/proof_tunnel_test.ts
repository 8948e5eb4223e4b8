/** WireGuard below a session: its peer, its key, its port (wg(8), systemd.netdev(5)). */
import { deepEqual, match } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { proveTunnel } from "../../../lib/rebuild/proofs/proof_tunnel.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";
import type { Change } from "./refused.ts";

type Tunnel = NonNullable<ConfigurationFacts["network"]["tunnels"]>[number];

const NOW = {
  session: {
    kind: "ssh",
    clientAddress: "10.100.0.9",
    serverAddress: "10.100.0.1",
    serverPort: 2222,
  },
  interfaces: [{
    name: "wg0",
    kind: "tunnel",
    addresses: [{ address: "10.100.0.1", prefixLength: 24 }],
  }],
} as const;

const LAPTOP = { key: "laptop=", allowedIPs: ["10.100.0.9/32"], endpoint: null };
const OFFICE = { key: "office=", allowedIPs: ["10.100.0.0/24", "fd00::/64"], endpoint: null };

function tunnel(changes: Partial<Tunnel> = {}, more: Change = () => {}): Change {
  return (facts) => {
    facts.firewall.open.udp = [51820];
    facts.network.tunnels = [{
      name: "wg0",
      addresses: ["10.100.0.1/24"],
      listenPort: 51820,
      keyFile: "/etc/wg.key",
      peers: [OFFICE, LAPTOP],
      ...changes,
    }];
    more(facts);
  };
}

function refusal(before: Change | undefined, after: Change): string {
  const old = before && rentedServerFacts(before);
  return proveTunnel(question(old, rentedServerFacts(after), NOW)).map(({ why }) => why).join();
}

Deno.test("proveTunnel() refuses what parts the session's own peer from this machine", () => {
  const table: readonly (readonly [Partial<Tunnel>, RegExp])[] = [
    [{ peers: [OFFICE] }, /its peer laptop= would be gone/],
    [
      { peers: [OFFICE, { ...LAPTOP, allowedIPs: ["10.100.0.8/32"] }] },
      /10\.100\.0\.9 would not be among what laptop=/,
    ],
    [{ keyFile: "/run/new.key" }, /key would be read from \/run\/new\.key/],
    [{ keyFile: null }, /key would be read from elsewhere/],
    [{ listenPort: 51821 }, /it would listen on 51821/],
    [{ listenPort: null }, /it would listen on any port/],
  ];
  for (const [changes, why] of table) match(refusal(tunnel(), tunnel(changes)), why);
});

Deno.test("proveTunnel() lets other peers come and go", () => {
  const phone = { key: "phone=", allowedIPs: ["10.100.0.20/32"], endpoint: null };
  for (
    const peers of [[LAPTOP], [LAPTOP, OFFICE, phone], [{ ...OFFICE, allowedIPs: [] }, LAPTOP]]
  ) {
    deepEqual(refusal(tunnel(), tunnel({ peers })), "");
  }
  deepEqual(refusal(undefined, tunnel()), "");
  deepEqual(refusal(() => {}, tunnel()), "", "it is not known what makes it now");
});

Deno.test("proveTunnel() keeps the port below the tunnel open where the client is the one who calls", () => {
  const closed = tunnel({}, (f) => f.firewall.open.udp = []);
  const other = /the firewall would let its port 51820 in no more/;
  match(refusal(tunnel(), closed), other);
  match(refusal(tunnel({}, (f) => f.firewall.enable = false), closed), other);
  const range = tunnel({}, (f) =>
    f.firewall.open = {
      tcp: [],
      udp: [],
      tcpRanges: [],
      udpRanges: [{ from: 51800, to: 51900 }],
    });
  deepEqual(refusal(tunnel(), range), "");
  deepEqual(refusal(tunnel(), tunnel({}, (f) => f.firewall.enable = false)), "");
  deepEqual(refusal(closed, closed), "", "rules of another kind let it in");
  const trusted = tunnel({}, (f) => Object.assign(f.firewall, { trustedInterfaces: ["ens3"] }));
  const onlyTrusted = tunnel({}, (f) => {
    f.firewall.open.udp = [];
    f.firewall.trustedInterfaces = ["ens3"];
  });
  deepEqual(refusal(onlyTrusted, trusted), "");
  match(refusal(onlyTrusted, closed), other);
  // This machine calls the other one.
  const calls = (endpoint: string | null, changes: Partial<Tunnel> = {}, more?: Change) =>
    tunnel({ peers: [{ ...LAPTOP, endpoint }], ...changes }, more);
  const hub = "vpn.example.org:51820";
  deepEqual(
    refusal(calls(hub), calls(hub, { listenPort: null }, (f) => f.firewall.open.udp = [])),
    "",
  );
  match(refusal(calls(hub), calls("old.example.org:51820")), /laptop= would be asked at old/);
  match(refusal(calls(hub), calls(null)), /laptop= would be asked at no place/);
});

Deno.test("proveTunnel() reads networkd's units", () => {
  const unit = (...lines: string[]): Change => (facts) => {
    facts.network.networkdUnits = [{
      name: "30-wg0.netdev",
      text: "[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\nListenPort=51820\n" +
        `PrivateKeyFile=/etc/wg.key\n${lines.join("\n")}\n`,
    }];
  };
  const peer = (key: string, ...allowed: string[]) =>
    `[WireGuardPeer]\nPublicKey=${key}\n${allowed.map((one) => `AllowedIPs=${one}`).join("\n")}`;
  const before = unit(peer("laptop=", "10.100.0.9/32"), peer("b=", "10.100.0.20"));
  deepEqual(refusal(before, unit(peer("laptop=", "fd00::9,10.100.0.9"))), "");
  match(refusal(before, unit(peer("b=", "10.100.0.0/24"))), /its peer laptop= would be gone/);
  match(refusal(before, unit(peer("laptop=", "10.0.0.0/16"))), /not be among what laptop=/);
});
