import { deepEqual, equal } from "node:assert/strict";
import { proveAddress } from "../../../lib/rebuild/proofs/proof_address.ts";
import type { MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";
import type { Change } from "./refused.ts";

const ADDRESS = "203.0.113.42";
const OWN = [{ address: ADDRESS, prefixLength: 24 }];

function judged(before: Change | undefined, after: Change, now: Partial<MachineNow> = {}) {
  const old = before && rentedServerFacts(before);
  return proveAddress(question(old, rentedServerFacts(after), now))
    .map(({ ok, why, remedy }) => [ok, why, remedy]);
}

const why = (...all: Parameters<typeof judged>) => judged(...all).map((one) => one[1]);

/** The address is on what is made of the card. */
function on(name: string, make: Change): Change {
  return (facts) => {
    facts.network.interfaces[0]!.name = name;
    make(facts);
  };
}

const none: Change = ({ network }) => network.interfaces = [];

function session(serverAddress: string, changes: Partial<MachineNow> = {}): Partial<MachineNow> {
  const clientAddress = "198.51.100.7";
  return { session: { kind: "ssh", clientAddress, serverAddress, serverPort: 2222 }, ...changes };
}

Deno.test("proveAddress() finds a configured address on the card or on what is made of it", () => {
  const table: readonly (readonly [string, Change, boolean])[] = [
    ["the card", () => {}, true],
    ["another card", on("ens4", () => {}), false],
    [
      "a bridge on it",
      on(
        "br0",
        ({ network }) => network.bridges.push({ name: "br0", interfaces: ["ens3"], rstp: false }),
      ),
      true,
    ],
    [
      "a VLAN on a bond on it",
      on("vlan7", ({ network }) => {
        network.bonds.push({ name: "bond0", interfaces: ["ens3"], driverOptions: {} });
        network.vlans.push({ name: "vlan7", id: 7, interface: "bond0" });
      }),
      true,
    ],
    [
      "a bridge on another card",
      on(
        "br0",
        ({ network }) => network.bridges.push({ name: "br0", interfaces: ["ens4"], rstp: false }),
      ),
      false,
    ],
    [
      "a bridge in a bond in that bridge",
      on("br0", ({ network }) => {
        network.bridges.push({ name: "br0", interfaces: ["bond0"], rstp: false });
        network.bonds.push({ name: "bond0", interfaces: ["br0"], driverOptions: {} });
      }),
      false,
    ],
    [
      "a unit of networkd's for it",
      (facts) => {
        none(facts);
        const text = `[Match]\nName=en*\n[Network]\nAddress=${ADDRESS}/24\n`;
        facts.network.networkdUnits = [{ name: "10-lan.network", text }];
      },
      true,
    ],
    [
      "a unit of networkd's for another one",
      (facts) => {
        none(facts);
        const text = `[Match]\nName=wl*\n[Network]\nAddress=${ADDRESS}/24\n`;
        facts.network.networkdUnits = [{ name: "10-lan.network", text }];
      },
      false,
    ],
  ];
  for (const [what, change, ok] of table) deepEqual(judged(undefined, change)[0]![0], ok, what);
});

Deno.test("proveAddress() says by which option an address that is gone comes back", () => {
  deepEqual(judged(() => {}, none), [[
    false,
    "it was configured, and no longer is",
    'networking.interfaces.ens3.ipv4.addresses = [ { address = "203.0.113.42"; prefixLength = 24; } ];',
  ]]);
  const [[, , remedy]] = judged(() => {}, none, session("2001:db8:4711:0::2")) as [unknown[]];
  equal(
    remedy,
    'networking.interfaces.ens3.ipv6.addresses = [ { address = "2001:db8:4711:0::2"; prefixLength = 64; } ];',
  );
});

Deno.test("proveAddress() holds an address that was leased to who leased it", () => {
  const dhcp: Change = (facts) => {
    none(facts);
    facts.network.useDHCP = true;
  };
  const networkManager: Change = (facts) => {
    none(facts);
    facts.network.networkManager = true;
  };
  const table: readonly (readonly [Change | undefined, Change, Partial<MachineNow>, string])[] = [
    [dhcp, dhcp, {}, "dhcpcd gets it as before"],
    [
      networkManager,
      dhcp,
      {},
      "dhcpcd would ask for one, instead of NetworkManager: it may get another",
    ],
    [dhcp, none, {}, "nothing assigns it"],
    [none, dhcp, {}, "dhcpcd would ask for one, instead of what does now: it may get another"],
    [undefined, dhcp, { leaseHolder: "dhcpcd" }, "dhcpcd gets it as before"],
    [undefined, dhcp, {}, "it cannot be judged: how it was assigned is not known"],
  ];
  for (const [before, after, now, expected] of table) {
    deepEqual(why(before, after, now), [expected]);
  }
});

Deno.test("proveAddress() wants nothing of addresses that interfaces make themselves", () => {
  deepEqual(why(() => {}, none, session("fe80::5054:ff:fe12:3456%ens3")), [
    "every interface makes its own",
  ]);
});

Deno.test("proveAddress() keeps all addresses where the session's is not one of the network", () => {
  for (
    const now of [{ session: { kind: "console" } as const }, session("127.0.0.1"), session("::1")]
  ) {
    deepEqual(why(() => {}, () => {}, now), ["they are configured and assigned as before"]);
    deepEqual(why(() => {}, none, now), ["203.0.113.42, 2001:db8:4711::2 would be gone"]);
    deepEqual(why(undefined, none, now), []);
    const v6: Change = ({ network }) => network.interfaces[0]!.ipv4 = [];
    deepEqual(why(() => {}, v6, now), ["203.0.113.42 would be gone"]);
    const moved: Change = ({ network }) => {
      network.interfaces.push({ ...network.interfaces[0]!, name: "br0", ipv4: OWN });
      network.interfaces[0]!.ipv4 = [];
    };
    deepEqual(why(() => {}, moved, now), ["they are configured and assigned as before"]);
  }
});

Deno.test("proveAddress() follows a bridge that goes away to the card below it", () => {
  const bridge = (name: string, ...interfaces: string[]) =>
    on(name, ({ network }) => network.bridges.push({ name, interfaces, rstp: false }));
  const at = (kind?: "virtual") => ({
    interfaces: [{ name: "br0", kind, addresses: OWN }],
  } as unknown as Partial<MachineNow>);
  const before = bridge("br0", "ens3");
  const bond = on(
    "bond0",
    ({ network }) => network.bonds.push({ name: "bond0", interfaces: ["ens3"], driverOptions: {} }),
  );
  deepEqual(why(before, () => {}, at()), ["it is configured"]);
  deepEqual(why(before, bond, at()), ["it is configured"]);
  deepEqual(why(before, bridge("br1", "ens3"), at()), ["it is configured"]);
  deepEqual(why(before, bridge("br1", "ens4"), at()), ["it would be on br1, not on br0"]);
  deepEqual(why(before, bridge("br0", "ens4"), at()), [
    "it would be on br0, which has no card of now in it",
  ]);
  // What the bridge stands on is not known.
  deepEqual(why(undefined, bridge("br1", "ens4"), at("virtual")), ["it is configured"]);
  deepEqual(why(undefined, on("ens4", () => {}), at("virtual")), [
    "it would be on ens4, not on br0",
  ]);
});

Deno.test("proveAddress() takes no address on a card that becomes part of a bridge or bond", () => {
  const part = "it would be on ens3, which is part of br0: nothing answers there";
  const inBridge: Change = ({ network }) =>
    network.bridges.push({ name: "br0", interfaces: ["ens3"], rstp: false });
  deepEqual(why(() => {}, inBridge), [part]);
  deepEqual(why(undefined, inBridge), [part]);
  const remedy = judged(() => {}, inBridge)[0]![2] as string;
  equal(remedy.startsWith("networking.interfaces.br0.ipv4.addresses"), true);
  // As odd as it is, it is so now.
  deepEqual(why(inBridge, inBridge), ["it is configured"]);
  const byUnits: Change = (facts) => {
    none(facts);
    facts.network.networkd = true;
    facts.network.networkdUnits = [
      { name: "10-ens3.network", text: "[Match]\nName=ens3\n[Network]\nBridge=br0\n" },
      {
        name: "20-br0.network",
        text: `[Match]\nName=br0\n[Network]\nAddress=${ADDRESS}/24\n`,
      },
    ];
  };
  deepEqual(why(() => {}, byUnits), ["it is configured"]);
});

Deno.test("proveAddress() does not take a lease on one interface for one on another", () => {
  const unit = (match: string, dhcp = "yes"): Change => (facts) => {
    none(facts);
    facts.network.networkd = true;
    facts.network.networkdUnits = [{
      name: "10-lan.network",
      text: `[Match]\n${match}\n[Network]\nDHCP=${dhcp}\n`,
    }];
  };
  const asBefore = ["systemd-networkd gets it as before"];
  deepEqual(why(unit("Name=ens3"), unit("Name=en*")), asBefore);
  deepEqual(why(unit("Name=ens3"), unit("Name=ens4")), ["nothing assigns it"]);
  deepEqual(why(unit("Name=ens3"), unit("Name=ens3", "ipv6")), ["nothing assigns it"]);
  const bridge = (members: string[], more: Change = () => {}): Change => (facts) => {
    none(facts);
    facts.network.bridges = [{ name: "br0", interfaces: members, rstp: false }];
    facts.network.interfaces = [{
      ...rentedServerFacts().network.interfaces[0]!,
      name: "br0",
      useDHCP: true,
      ipv4: [],
      ipv6: [],
    }];
    more(facts);
  };
  const now = { interfaces: [{ name: "br0", kind: "virtual" as const, addresses: OWN }] };
  deepEqual(why(bridge(["ens3"]), bridge(["ens3", "ens4"]), now), ["dhcpcd gets it as before"]);
  deepEqual(why(bridge(["ens3"]), bridge(["ens4"]), now), ["nothing assigns it"]);
});

Deno.test("proveAddress() keeps IPv6 on for a session that uses it", () => {
  const off: Change = (facts) => {
    const option = ["networking", "enableIPv6"];
    facts.plain = [{ name: option.join("."), said: [{ option, merges: false, value: false }] }];
  };
  for (const address of ["2001:db8:4711::2", "fe80::5054:ff:fe12:3456%ens3"]) {
    deepEqual(why(() => {}, off, session(address)), ["IPv6 would be off"]);
    deepEqual(why(undefined, off, session(address)), ["IPv6 would be off"]);
  }
  deepEqual(why(() => {}, off), ["it is configured"]);
});

Deno.test("proveAddress() keeps the addresses of networkd's units where no session says which is used", () => {
  const unit = (address: string): Change => (facts) => {
    none(facts);
    const text = `[Match]\nName=ens3\n[Network]\nAddress=${address}\n`;
    facts.network.networkdUnits = [{ name: "10-lan.network", text }];
  };
  const now = session("127.0.0.1");
  deepEqual(why(unit("192.0.2.2/24"), unit("192.0.2.2/25"), now), [
    "they are configured and assigned as before",
  ]);
  deepEqual(why(unit("192.0.2.2/24"), unit("192.0.2.3/24"), now), [
    "192.0.2.2 of networkd's unit 10-lan.network would be gone",
  ]);
});

/** Leased by networkd, by units of these texts. */
function leased(...texts: readonly string[]): Change {
  return (facts) => {
    none(facts);
    facts.network.networkd = true;
    facts.network.networkdUnits = texts
      .map((text, index) => ({ name: `${index + 1}0.network`, text }));
  };
}

/** The card as systemd knows it, of which the proof is sure. */
const card: Partial<MachineNow> = {
  interfaces: [{
    name: "ens3",
    mac: "52:54:00:12:34:56",
    traits: { type: "ether", kind: null, properties: { ID_NET_DRIVER: "virtio_net" } },
    addresses: OWN,
  }],
};
const DHCP = "[Match]\nName=ens3\n[Network]\nDHCP=yes\n";

Deno.test("proveAddress() knows whom a unit is for by what the card is", () => {
  const before = leased(DHCP);
  const asBefore = "systemd-networkd gets it as before";
  const other = (match: string) =>
    leased(`[Match]\n${match}\n[Network]\nDHCP=no\nIPv6AcceptRA=no\n`, DHCP);
  const table: readonly (readonly [match: string, why: string])[] = [
    ["Type=wlan", asBefore],
    ["Driver=e1000e", asBefore],
    ["Kind=bridge", asBefore],
    ["Property=ID_BUS=usb", asBefore],
    ["Type=ether", "nothing assigns it"],
    ["Driver=virtio*", "nothing assigns it"],
    [
      "PermanentMACAddress=52:54:00:12:34:56",
      "it cannot be judged: 10.network is new, and may be for ens3",
    ],
    ["Host=web1", "it cannot be judged: 10.network is new, and may be for ens3"],
  ];
  for (const [match, expected] of table) {
    deepEqual(why(before, other(match), card), [expected], match);
  }
  // One that is there now is for whom it is for now; one behind that of the card is never taken.
  deepEqual(why(other("Host=web1"), other("Host=web1"), card), [asBefore]);
  deepEqual(why(before, leased(DHCP, "[Match]\nHost=web1\n[Link]\nUnmanaged=yes\n"), card), [
    asBefore,
  ]);
});

Deno.test("proveAddress() refuses to have networkd leave the card alone, or down", () => {
  const left = "10.network has networkd leave ens3 alone";
  const at = (line: string) => leased(`${DHCP}[Link]\n${line}\n`);
  const stat = (line: string): Change => (facts) => {
    leased(`[Match]\nName=ens3\n[Network]\nAddress=${ADDRESS}/24\n[Link]\n${line}\n`)(facts);
  };
  for (
    const line of [
      "Unmanaged=yes",
      "ActivationPolicy=down",
      "ActivationPolicy=always-down",
      "ActivationPolicy=manual",
    ]
  ) {
    deepEqual(why(leased(DHCP), at(line), card), [left], line);
    deepEqual(why(stat(""), stat(line), card), [left], line);
  }
  for (const line of ["Unmanaged=no", "ActivationPolicy=up", "RequiredForOnline=no"]) {
    deepEqual(why(leased(DHCP), at(line), card), ["systemd-networkd gets it as before"], line);
    deepEqual(why(stat(""), stat(line), card), ["it is configured"], line);
  }
  // Somebody brings it up by hand, and goes on to do so.
  deepEqual(why(stat("ActivationPolicy=manual"), stat("ActivationPolicy=manual"), card), [
    "it is configured",
  ]);
  const link = session("fe80::5054:ff:fe12:3456%ens3", {
    interfaces: [{
      ...card.interfaces![0]!,
      addresses: [{ address: "fe80::5054:ff:fe12:3456", prefixLength: 64 }],
    }],
  });
  const own = (value: string) => leased(`${DHCP}LinkLocalAddressing=${value}\n`);
  deepEqual(why(leased(DHCP), own("no"), link), ["10.network has ens3 make no address of its own"]);
  for (const value of ["yes", "ipv6"]) {
    deepEqual(why(leased(DHCP), own(value), link), ["every interface makes its own"]);
  }
});

Deno.test("proveAddress() refuses a unit that networkd takes before the one with the address", () => {
  const own = `[Match]\nName=ens3\n[Network]\nAddress=${ADDRESS}/24\n`;
  deepEqual(why(leased(own), leased("[Match]\nName=en*\n[Network]\nDHCP=yes\n", own), card), [
    "10.network is taken for ens3 before what has the address",
  ]);
  deepEqual(why(leased(own), leased("[Match]\nName=wl*\n[Network]\nDHCP=yes\n", own), card), [
    "it is configured",
  ]);
  deepEqual(why(leased(own), leased(own, "[Match]\nName=en*\n[Network]\nDHCP=yes\n"), card), [
    "it is configured",
  ]);
  // NixOS's own unit of networking.interfaces is 40-ens3.network.
  const options = (name: string | undefined): Change => (facts) => {
    facts.network.useNetworkd = true;
    facts.network.networkdUnits = name === undefined
      ? []
      : [{ name, text: "[Match]\nName=en*\n[Network]\nDHCP=yes\n" }];
  };
  deepEqual(why(options(undefined), options("10-lan.network"), card), [
    "10-lan.network is taken for ens3 before what has the address",
  ]);
  deepEqual(why(options(undefined), options("50-lan.network"), card), ["it is configured"]);
  const both: Change = (facts) => {
    leased(own)(facts);
    facts.network.useNetworkd = true;
    facts.network.networkdUnits[0]!.name = "50-lan.network";
    facts.network.interfaces = [{
      ...rentedServerFacts().network.interfaces[0]!,
      ipv4: [],
      ipv6: [],
    }];
  };
  deepEqual(why(leased(own), both, card), [
    "networking.interfaces.ens3 is taken for ens3 before what has the address",
  ]);
});

Deno.test("proveAddress() refuses to ask a DHCP server as somebody else", () => {
  const other = (line: string) =>
    `systemd-networkd would ask as somebody else, and may get another one: ${line}`;
  const at = (text: string) => leased(DHCP + text);
  deepEqual(why(leased(DHCP), at("[DHCPv4]\nClientIdentifier=mac\n"), card), [
    other("ClientIdentifier=mac"),
  ]);
  deepEqual(why(at("[DHCPv4]\nIAID=7\n"), leased(DHCP), card), [other("IAID=7")]);
  deepEqual(why(leased(DHCP), at("[Link]\nMACAddress=02:00:00:00:00:01\n"), card), [
    other("MACAddress=02:00:00:00:00:01"),
  ]);
  deepEqual(why(leased(DHCP), at("[DHCPv4]\nUseDNS=no\n"), card), [
    "systemd-networkd gets it as before",
  ]);
  const same = at("[DHCPv4]\nClientIdentifier=mac\n");
  deepEqual(why(same, same, card), ["systemd-networkd gets it as before"]);
  const dhcpcd = (macAddress: string | null): Change => (facts) => {
    facts.network.useDHCP = true;
    facts.network.interfaces = [{
      ...rentedServerFacts().network.interfaces[0]!,
      macAddress,
      ipv4: [],
      ipv6: [],
    }];
  };
  deepEqual(why(dhcpcd(null), dhcpcd("02:00:00:00:00:01"), card), [
    'dhcpcd would ask as somebody else, and may get another one: macAddress = "02:00:00:00:00:01"',
  ]);
});
