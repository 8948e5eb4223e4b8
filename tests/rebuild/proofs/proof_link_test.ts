/** What carries a session has to be made by the new system too: tunnels, wireless networks, names. */
import { deepEqual, match } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import type { InterfaceNow, MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { rentedServerFacts, rentedServerNow } from "../../support/facts.ts";
import { type Change, refusalsOf } from "./refused.ts";

const TUNNEL = "10.100.0.2";

/** A session that comes in over an interface; every address is a DHCP client's business. */
function over(name: string, kind: NonNullable<InterfaceNow["kind"]>): MachineNow {
  const now = rentedServerNow();
  return {
    ...now,
    session: { ...now.session, kind: "ssh", clientAddress: "10.100.0.9", serverAddress: TUNNEL },
    interfaces: [...now.interfaces, {
      name,
      kind,
      addresses: [{ address: TUNNEL, prefixLength: 24 }],
    }],
  };
}

function whys(before: Change, after: Change | undefined, now: MachineNow): string[] {
  const dhcp = (change: Change): ConfigurationFacts =>
    rentedServerFacts((facts) => {
      facts.network.useDHCP = true;
      change(facts);
    });
  const old = after === undefined ? undefined : dhcp(before);
  return refusalsOf(old, dhcp(after ?? before), now)
    .map(({ why }) => why);
}

const services = (...names: string[]): Change => (facts) => facts.services.push(...names);

Deno.test("proveLink() refuses a tunnel that nothing would make any more", () => {
  const now = over("wg0", "tunnel");
  deepEqual(whys(services("wireguard-wg0"), () => {}, now), ["wireguard-wg0 would be gone"]);
  deepEqual(whys(services("tailscaled"), () => {}, over("tailscale0", "tunnel")), [
    "tailscaled would be gone",
  ]);
  deepEqual(whys(services("wireguard-wg0"), services("wireguard-wg0"), now), []);
});

Deno.test("proveLink() does not pass what makes an interface when it does not know", () => {
  const now = over("vpn0", "tunnel");
  match(whys(services("my-vpn"), () => {}, now)[0]!, /cannot be judged/);
  deepEqual(whys(services("my-vpn"), services("my-vpn"), now), []);
  match(whys(() => {}, undefined, now)[0]!, /cannot be judged/);
});

Deno.test("proveLink() refuses a macvlan or a bridge that is not made again", () => {
  const now = over("mv0", "virtual");
  deepEqual(whys(services("mv0-netdev"), () => {}, now), ["mv0 would be gone"]);
  const bridge: Change = (facts) =>
    facts.network.bridges.push({ name: "mv0", interfaces: ["ens3"], rstp: false });
  deepEqual(whys(bridge, bridge, now), []);
});

Deno.test("proveLink() refuses a wireless card that would know no network", () => {
  const now = over("wlan0", "wireless");
  const home: Change = (facts) => facts.network.wirelessNetworks = ["home"];
  deepEqual(whys(home, (facts) => facts.network.wirelessNetworks = [], now), [
    "the wireless network home would be gone",
  ]);
  deepEqual(whys(home, home, now), []);
  deepEqual(whys(services("iwd"), () => {}, now), ["iwd would be gone"]);
});

Deno.test("proveLink() refuses to join the wireless networks in another way, or with other secrets", () => {
  const now = over("wlan0", "wireless");
  const net = (key: string, file: string | null = null): Change => (facts) =>
    Object.assign(facts.network, {
      wirelessNetworks: ["home"],
      wirelessContents: { home: key },
      wirelessSecrets: file,
    });
  deepEqual(whys(net("a"), net("a"), now), []);
  deepEqual(whys(net("a"), net("b"), now), [
    "the wireless network home would be joined in another way",
  ]);
  deepEqual(whys(net("a", "/run/secrets/w"), net("a"), now), [
    "the secrets of wireless networks would be read from no file",
  ]);
  deepEqual(whys(net("a"), net("a", "/etc/other"), now), [
    "the secrets of wireless networks would be read from /etc/other",
  ]);
  const more: Change = (facts) => {
    net("a")(facts);
    facts.network.wirelessNetworks!.push("work");
    facts.network.wirelessContents!.work = "c";
  };
  deepEqual(whys(net("a"), more, now), []);
  // The record of an older tool does not know what the networks say.
  const old: Change = (facts) => facts.network.wirelessNetworks = ["home"];
  deepEqual(whys(old, net("a"), now), []);
});

Deno.test("proveLink() knows wpa_supplicant for all cards, and for those that are named", () => {
  const now = over("wlan0", "wireless");
  const unit = (name: string): Change => (facts) => {
    facts.network.wirelessNetworks = ["home"];
    facts.services.push(name);
  };
  deepEqual(whys(unit("wpa_supplicant"), unit("wpa_supplicant-wlan0"), now), []);
  deepEqual(whys(unit("wpa_supplicant-wlan0"), unit("wpa_supplicant"), now), []);
  deepEqual(whys(unit("wpa_supplicant"), unit("wpa_supplicant-wlan1"), now), [
    "wpa_supplicant would be gone",
  ]);
});

Deno.test("proveLink() asks of a tunnel for what makes it, and for no other", () => {
  const now = over("wg0", "tunnel");
  const wg0 = ["wireguard-wg0", "wireguard-wg0-peer-a", "openvpn-office"];
  const known = (...names: string[]): Change => (facts) => {
    services(...names)(facts);
    facts.network.tunnels = [{
      name: "wg0",
      addresses: [`${TUNNEL}/24`],
      listenPort: 51820,
      keyFile: "/etc/wg.key",
      peers: [{ key: "a", allowedIPs: ["10.100.0.9/32"], endpoint: null }],
    }];
  };
  deepEqual(whys(known(...wg0), known("wireguard-wg0"), now), []);
  deepEqual(whys(known(...wg0), known("openvpn-office"), now), ["wireguard-wg0 would be gone"]);
  const tailscale = (name: string | null, ...more: string[]): Change => (facts) => {
    facts.network.tailscale = name;
    services(...more)(facts);
  };
  const at = over("tailscale0", "tunnel");
  const before = tailscale("tailscale0", "tailscaled", "openvpn-office");
  deepEqual(whys(before, tailscale("tailscale0", "tailscaled"), at), []);
  deepEqual(whys(before, tailscale(null, "openvpn-office"), at), ["tailscaled would be gone"]);
  deepEqual(whys(before, tailscale("userspace-networking", "tailscaled"), at), [
    "tailscale0 would be gone",
  ]);
});

Deno.test("a session through a tunnel keeps what the tunnel goes through", () => {
  // The rented server has static addresses, and nothing that leases any.
  const now = over("tailscale0", "tunnel");
  const refusedFor = (change: Change) => {
    const facts = (more: Change) =>
      rentedServerFacts((one) => {
        services("tailscaled")(one);
        more(one);
      });
    return refusalsOf(facts(() => {}), facts(change), now).map(({ why }) => why);
  };
  deepEqual(refusedFor(() => {}), []);
  deepEqual(refusedFor((f) => f.network.interfaces = []), [
    "203.0.113.42, 2001:db8:4711::2 would be gone",
  ]);
  deepEqual(refusedFor((f) => f.network.defaultGateway = null), ["there is no default gateway"]);
  const other = {
    name: "wg7",
    addresses: ["10.7.0.1/24"],
    listenPort: null,
    keyFile: null,
    peers: [],
  };
  const before = rentedServerFacts((one) => {
    services("tailscaled")(one);
    one.network.tunnels = [other];
  });
  const without = { ...before, network: { ...before.network, tunnels: [] } };
  deepEqual(refusalsOf(before, without, now), [], "another tunnel goes");
});

Deno.test("proveAll() judges a session through the machine itself by all its addresses", () => {
  const facts = rentedServerFacts();
  const now = rentedServerNow({
    session: {
      kind: "ssh",
      clientAddress: "127.0.0.1",
      serverAddress: "127.0.0.1",
      serverPort: 2222,
    },
  });
  deepEqual(refusalsOf(facts, facts, now), []);
  const moved = rentedServerFacts((f) => f.network.interfaces = []);
  deepEqual(
    refusalsOf(facts, moved, now).map(({ id }) => id),
    ["address"],
  );
  const before = rentedServerFacts((f) => f.services.push("autossh-home"));
  deepEqual(refusalsOf(before, facts, now).map(({ why }) => why), [
    "autossh-home would be gone",
  ]);
});

Deno.test("proveAddress() does not take DHCP for what gave an address, without knowing", () => {
  const dhcp = rentedServerFacts((facts) => {
    facts.network.interfaces = [];
    facts.network.useDHCP = true;
  });
  const whysFor = (leaseHolder: MachineNow["leaseHolder"]) =>
    refusalsOf(undefined, dhcp, rentedServerNow({ leaseHolder })).map(({ why }) => why);
  deepEqual(whysFor(undefined), ["it cannot be judged: how it was assigned is not known"]);
  deepEqual(whysFor("dhcpcd"), []);
  match(whysFor("NetworkManager")[0]!, /dhcpcd would ask for one, instead of NetworkManager/);
});

Deno.test("proveNetwork() refuses to lose a udev rule that names the card", () => {
  const rule = 'SUBSYSTEM=="net", ATTR{address}=="00:11:22:33:44:55", NAME="ens3"';
  const named = rentedServerFacts((facts) =>
    facts.plain = [{
      name: "services.udev.extraRules",
      said: [{
        option: ["services", "udev", "extraRules"],
        merges: true,
        value: `# card\n${rule}`,
      }],
    }]
  );
  const now = rentedServerNow();
  deepEqual(refusalsOf(named, named, now), []);
  deepEqual(
    refusalsOf(named, rentedServerFacts(), now).map(({ id }) => id),
    ["interface-names"],
  );
});
