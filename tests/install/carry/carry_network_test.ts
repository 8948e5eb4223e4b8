import assert from "node:assert/strict";
import { carryFirewall, carryNetwork } from "../../../lib/install/carry/carry_network.ts";
import { optionPath, type Setting } from "../../../lib/install/carry/setting.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { configurationFacts } from "../../support/facts.ts";

/** How each option is carried, by its name. */
function carried(settings: readonly Setting[]): Record<string, unknown> {
  return Object.fromEntries(settings.map((one) => [optionPath(one), one.value]));
}

type Firewall = ConfigurationFacts["firewall"];

Deno.test("carryFirewall() lets in what was let in, on every port and interface", () => {
  const ports = { tcp: [] as number[], udp: [] as number[], tcpRanges: [], udpRanges: [] };
  const cases: [
    name: string,
    change: (firewall: Firewall, ssh: ConfigurationFacts["ssh"]) => void,
    has: Record<string, unknown>,
    hasNot: string[],
  ][] = [
    [
      "sshd opens its own port",
      (firewall, ssh) => {
        Object.assign(ssh, { enable: true, openFirewall: true, ports: [22] });
        firewall.open = { ...ports, tcp: [22, 443] };
      },
      { "networking.firewall.allowedTCPPorts": [443] },
      [],
    ],
    [
      "sshd does not open it, the owner does",
      (firewall, ssh) => {
        Object.assign(ssh, { enable: true, openFirewall: false, ports: [22] });
        firewall.open = { ...ports, tcp: [22] };
      },
      { "networking.firewall.allowedTCPPorts": [22] },
      [],
    ],
    [
      "another server than OpenSSH listens there",
      (firewall, ssh) => {
        Object.assign(ssh, { enable: false, openFirewall: true, ports: [22] });
        firewall.open = { ...ports, tcp: [22] };
      },
      { "networking.firewall.allowedTCPPorts": [22] },
      [],
    ],
    ["the port of sshd on one interface alone", (firewall, ssh) => {
      Object.assign(ssh, { enable: true, openFirewall: false, ports: [22] });
      firewall.perInterface = [{ name: "br0.7", open: { ...ports, tcp: [22], udp: [53] } }];
    }, {
      'networking.firewall.interfaces."br0.7".allowedTCPPorts': [22],
      'networking.firewall.interfaces."br0.7".allowedUDPPorts': [53],
    }, ["networking.firewall.allowedTCPPorts"]],
    ["a range, and rules of one's own", (firewall) => {
      firewall.open = { ...ports, udpRanges: [{ from: 60000, to: 61000 }] };
      firewall.extraCommands = "iptables -A nixos-fw -s 192.0.2.0/24 -j nixos-fw-accept\n";
      firewall.trustedInterfaces = ["lo", "wg0"];
    }, {
      "networking.firewall.allowedUDPPortRanges": [{ from: 60000, to: 61000 }],
      "networking.firewall.extraCommands":
        "iptables -A nixos-fw -s 192.0.2.0/24 -j nixos-fw-accept\n",
      "networking.firewall.trustedInterfaces": ["wg0"],
    }, []],
    [
      "pings refused",
      (firewall) => {
        firewall.allowPing = false;
      },
      { "networking.firewall.allowPing": false },
      [],
    ],
    [
      "off, with a ruleset of one's own",
      (firewall) => {
        firewall.enable = false;
        firewall.nftables = true;
      },
      { "networking.firewall.enable": false, "networking.nftables.enable": true },
      [],
    ],
  ];
  for (const [name, change, has, hasNot] of cases) {
    const facts = configurationFacts((f) => change(f.firewall, f.ssh));
    const found = carried(carryFirewall(facts));
    for (const [option, value] of Object.entries(has)) {
      assert.deepEqual(found[option], value, `${name}: ${option}`);
    }
    for (const option of hasNot) assert.equal(found[option], undefined, `${name}: ${option}`);
  }
});

Deno.test("carryNetwork() carries addresses, routes and names to the last member", () => {
  const facts = configurationFacts(({ network }) => {
    network.useDHCP = false;
    network.usePredictableInterfaceNames = false;
    network.bridges = [{ name: "br0.7", interfaces: ["eth0.7"], rstp: true }];
    network.bonds = [{
      name: "bond0",
      interfaces: ["eth0", "eth1"],
      driverOptions: { mode: "802.3ad", miimon: "100" },
    }];
    network.vlans = [{ name: "eth0.7", id: 7, interface: "eth0" }];
    network.interfaces = [{
      name: "eth0.7",
      useDHCP: false,
      ipv4: [],
      ipv6: [{ address: "2001:db8::2", prefixLength: 64 }],
      ipv4Routes: [],
      ipv6Routes: [{
        address: "2001:db8:1::",
        prefixLength: 48,
        via: "fe80::1",
        options: {},
        type: null,
      }],
      macAddress: "02:00:00:00:00:01",
      mtu: 1450,
      virtual: false,
    }] as unknown as typeof network.interfaces;
    network.defaultGateway6 = { address: "fe80::1", interface: "eth0.7", metric: null };
    network.nameservers = ["2001:4860:4860::8888"];
    network.search = ["example.org"];
    network.networkdUnits = [{ name: "10-wg0.netdev", text: "[NetDev]\nName=wg0\n" }];
  });
  assert.deepEqual(carried(carryNetwork(facts)), {
    "networking.useDHCP": false,
    "networking.usePredictableInterfaceNames": false,
    'networking.bridges."br0.7"': { interfaces: ["eth0.7"], rstp: true },
    "networking.bonds.bond0": {
      interfaces: ["eth0", "eth1"],
      driverOptions: { mode: "802.3ad", miimon: "100" },
    },
    'networking.vlans."eth0.7"': { id: 7, interface: "eth0" },
    'networking.interfaces."eth0.7".useDHCP': false,
    'networking.interfaces."eth0.7".ipv6.addresses': [{ address: "2001:db8::2", prefixLength: 64 }],
    'networking.interfaces."eth0.7".ipv6.routes': [
      { address: "2001:db8:1::", prefixLength: 48, via: "fe80::1", options: {} },
    ],
    'networking.interfaces."eth0.7".macAddress': "02:00:00:00:00:01",
    'networking.interfaces."eth0.7".mtu': 1450,
    "networking.defaultGateway6": { address: "fe80::1", interface: "eth0.7" },
    "networking.nameservers": ["2001:4860:4860::8888"],
    "networking.search": ["example.org"],
    'systemd.network.units."10-wg0.netdev".text': "[NetDev]\nName=wg0\n",
  });
});
