import { deepEqual } from "node:assert/strict";
import type { MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { proveRoute } from "../../../lib/rebuild/proofs/proof_route.ts";
import { question, rentedServerFacts, rentedServerNow } from "../../support/facts.ts";
import type { Change } from "./refused.ts";

const GATEWAY = "203.0.113.1";

function judged(before: Change | undefined, after: Change, now: Partial<MachineNow> = {}) {
  const old = before && rentedServerFacts(before);
  return proveRoute(question(old, rentedServerFacts(after), now)).map(({ ok, why }) => [ok, why]);
}

/** No default gateway but in units of networkd. */
function units(...texts: string[]): Change {
  return ({ network }) => {
    network.defaultGateway = network.defaultGateway6 = null;
    network.networkdUnits = texts.map((text, index) => ({ name: `${index}.network`, text }));
  };
}

function from(clientAddress: string, serverAddress = "203.0.113.42"): Partial<MachineNow> {
  return { session: { kind: "ssh", clientAddress, serverAddress, serverPort: 2222 } };
}

const none = units();

Deno.test("proveRoute() finds the hop that is in use in each place where one can be said", () => {
  const kept = [true, `through ${GATEWAY} as before`];
  const places: readonly Change[] = [
    () => {},
    units(`[Network]\nGateway=${GATEWAY}\n`),
    units(`[Route]\nGateway = ${GATEWAY}\n`),
    units(`[Route]\nGateway=${GATEWAY}\nDestination=0.0.0.0/0\n`),
    units(`[Route]\nDestination=198.51.100.0/24\nGateway=${GATEWAY}\n`),
    (facts) => {
      none(facts);
      facts.network.interfaces[0]!.ipv4Routes = [
        { address: "198.51.100.0", prefixLength: 24, via: GATEWAY },
      ];
    },
  ];
  for (const place of places) deepEqual(judged(() => {}, place), [kept]);
});

Deno.test("proveRoute() takes no route for the way back that does not lead there", () => {
  const places: readonly (readonly [Change, string])[] = [
    [none, "there is no default gateway"],
    [units("[Network]\nGateway=203.0.113.2\n"), "the gateway would be 203.0.113.2"],
    [units(`[Route]\nDestination=10.0.0.0/8\nGateway=${GATEWAY}\n`), "there is no default gateway"],
    [units("[Network]\nGateway=fe80::1\n"), "there is no default gateway"],
    [
      (facts) => {
        none(facts);
        facts.network.interfaces[0]!.ipv4Routes = [
          { address: "10.0.0.0", prefixLength: 8, via: GATEWAY },
        ];
      },
      "there is no default gateway",
    ],
  ];
  for (const [place, why] of places) deepEqual(judged(() => {}, place), [[false, why]]);
  // Which hop is in use is not known: any of the right family will do, and no other.
  const unknown = { gateways: [] };
  deepEqual(judged(none, units("[Network]\nGateway=203.0.113.2\n"), unknown), [
    [true, "through 203.0.113.2"],
  ]);
  deepEqual(judged(none, units("[Network]\nGateway=fe80::1\n"), unknown), [
    [false, "there is no default gateway"],
  ]);
  deepEqual(judged(none, units("[Network]\nGateway=_dhcp4\n"), unknown), [[
    true,
    "through _dhcp4",
  ]]);
  deepEqual(judged(none, units("[Network]\nGateway=_ipv6ra\n"), unknown), [
    [false, "there is no default gateway"],
  ]);
});

Deno.test("proveRoute() needs no hop to who is on the same network, nor a word about leased routes", () => {
  deepEqual(judged(() => {}, none, from("203.0.113.200")), [[true, "it is on the same network"]]);
  deepEqual(judged(() => {}, none, from("203.0.114.200"))[0]![0], false);
  deepEqual(judged(() => {}, none, from("2001:db8:4711::99", "2001:db8:4711::2")), [
    [true, "it is on the same network"],
  ]);
  const leased: Change = ({ network }) => network.interfaces = [];
  deepEqual(judged(() => {}, leased), [[true, "the route comes with the address"]]);
});

Deno.test("proveRoute() keeps both default routes where no session says which is used", () => {
  const now: Partial<MachineNow> = { session: { kind: "console" } };
  deepEqual(judged(() => {}, () => {}, now), [[true, "as before"], [true, "as before"]]);
  deepEqual(judged(() => {}, none, now), [
    [false, "there is no default gateway"],
    [false, "there is no default gateway"],
  ]);
  const only = units(`[Route]\nDestination=10.0.0.0/8\nGateway=${GATEWAY}\n`);
  deepEqual(judged(() => {}, only, now)[0], [false, "there is no default gateway"]);
  deepEqual(judged(undefined, none, now), []);
});

Deno.test("proveRoute() asks the network that the address will be in who needs a hop", () => {
  const alone: Change = (facts) => {
    none(facts);
    facts.network.interfaces[0]!.ipv4 = [{ address: "203.0.113.42", prefixLength: 32 }];
  };
  const near = from("203.0.113.200");
  deepEqual(judged(() => {}, alone, near), [[false, "there is no default gateway"]]);
  const inUnit: Change = (facts) => {
    units("[Match]\nName=ens3\n[Network]\nAddress=203.0.113.42/32\n")(facts);
    facts.network.interfaces = [];
  };
  deepEqual(judged(() => {}, inUnit, near), [[false, "there is no default gateway"]]);
});

Deno.test("proveRoute() takes no hop of a route table that nothing leads to", () => {
  const route = `[Route]\nGateway=${GATEWAY}\nTable=100\n`;
  const rule = "[RoutingPolicyRule]\nFrom=203.0.113.42\nTable=100\n";
  deepEqual(judged(() => {}, units(route)), [[false, "there is no default gateway"]]);
  deepEqual(judged(() => {}, units(route + rule)), [[true, `through ${GATEWAY} as before`]]);
  deepEqual(judged(units(route), units(route)), [[true, `through ${GATEWAY} as before`]]);
});

Deno.test("proveRoute() takes no gateway on an interface that does not lead there", () => {
  const through = (address: string, device: string | null): Change => ({ network }) => {
    const gateway = { address, interface: device, metric: null };
    if (address.includes(":")) network.defaultGateway6 = gateway;
    else network.defaultGateway = gateway;
  };
  const v6 = from("2001:db8:99::1", "2001:db8:4711::2");
  const kept = (hop: string) => [[true, `through ${hop} as before`]];
  const away = (hop: string, device: string) => [
    [false, `${hop} is not to be reached through ${device}`],
  ];
  deepEqual(judged(() => {}, through("fe80::1", null), v6), away("fe80::1", "no interface"));
  deepEqual(judged(() => {}, through("fe80::1", "eth0"), v6), away("fe80::1", "eth0"));
  deepEqual(judged(() => {}, through("fe80::1", "ens3"), v6), kept("fe80::1"));
  deepEqual(judged(() => {}, through(GATEWAY, "eth0")), away(GATEWAY, "eth0"));
  deepEqual(judged(() => {}, through(GATEWAY, "ens3")), kept(GATEWAY));
  deepEqual(judged(undefined, through(GATEWAY, "ens3")), kept(GATEWAY));
  // Who goes out through another card now may go on.
  deepEqual(judged(through(GATEWAY, "eth0"), through(GATEWAY, "eth0")), kept(GATEWAY));
  const bridged: Change = (facts) => {
    through(GATEWAY, "br0")(facts);
    facts.network.bridges = [{ name: "br0", interfaces: ["ens3"], rstp: false }];
    facts.network.interfaces[0]!.name = "br0";
  };
  deepEqual(judged(() => {}, bridged), kept(GATEWAY));
});

Deno.test("proveRoute() keeps the default routes of units where no session says which is used", () => {
  const now: Partial<MachineNow> = { session: { kind: "console" } };
  const both = units(`[Network]\nGateway=${GATEWAY}\nGateway=fe80::1\n`);
  deepEqual(judged(both, both, now), [[true, "as before"], [true, "as before"]]);
  deepEqual(judged(both, none, now), [
    [false, "there is no default gateway"],
    [false, "there is no default gateway"],
  ]);
});

/** The address of the session comes by DHCP, as this unit asks for it. */
function leased(...lines: string[]): Change {
  return (facts) => {
    facts.network.interfaces = [];
    facts.network.networkd = true;
    units(`[Match]\nName=ens3\n[Network]\nDHCP=yes\n${lines.join("\n")}\n`)(facts);
  };
}

Deno.test("proveRoute() wants the route that a lease no longer brings", () => {
  const comes = [true, "the route comes with the address"];
  const gone = [false, "there is no default gateway"];
  const table: readonly (readonly [string, unknown[]])[] = [
    ["", comes],
    ["[DHCPv4]\nUseRoutes=no", gone],
    ["[DHCP]\nUseRoutes=false", gone],
    ["[DHCPv4]\nUseGateway=no", gone],
    ["[DHCPv4]\nUseRoutes=no\nUseGateway=yes", comes],
    ["[DHCPv4]\nUseDNS=no", comes],
    ["[DHCPv6]\nUseRoutes=no\n[IPv6AcceptRA]\nUseGateway=no", comes],
    ["[DHCPv4]\nRouteTable=100", gone],
    ["[DHCPv4]\nRouteTable=254", comes],
    ["[DHCPv4]\nRouteTable=100\n[RoutingPolicyRule]\nFrom=203.0.113.42\nTable=100", comes],
    ["[DHCPv4]\nUseRoutes=no\n[Route]\nGateway=203.0.113.1", [
      true,
      "through 203.0.113.1 as before",
    ]],
  ];
  for (const [lines, expected] of table) {
    deepEqual(judged(leased(), leased(lines)), [expected], lines);
  }
  const v6 = from("2001:db8::7", "2001:db8:4711::2");
  for (const lines of ["[IPv6AcceptRA]\nUseGateway=no", "[Network]\nIPv6AcceptRA=no"]) {
    deepEqual(judged(leased(), leased(lines), v6), [gone], lines);
  }
  deepEqual(judged(leased(), leased("[DHCPv4]\nUseRoutes=no"), v6), [comes]);
  // A unit for another card says nothing of this one.
  const other: Change = (facts) => {
    leased()(facts);
    const text = "[Match]\nType=wlan\n[DHCPv4]\nUseRoutes=no\n";
    facts.network.networkdUnits.push({ name: "00-wlan.network", text });
  };
  const [ens3] = rentedServerNow().interfaces.slice(1);
  const interfaces = [{ ...ens3!, traits: { type: "ether", kind: null } }];
  deepEqual(judged(leased(), other, { interfaces }), [comes]);
});

Deno.test("proveRoute() knows dhcpcd's word for no gateway", () => {
  const dhcpcd = (text: string): Change => (facts) => {
    facts.network.interfaces = [];
    facts.network.useDHCP = true;
    facts.network.defaultGateway = null;
    const option = ["networking", "dhcpcd", "extraConfig"];
    facts.plain = [{ name: option.join("."), said: [{ option, merges: true, value: text }] }];
  };
  const ok = (text: string) => judged(dhcpcd(""), dhcpcd(text))[0]![0];
  deepEqual(ok("nogateway"), false);
  deepEqual(ok("interface ens3\n  nogateway\n"), false);
  deepEqual(ok("interface wlan0\n  nogateway\n"), true);
  deepEqual(ok("nohook resolv.conf"), true);
  deepEqual(judged(dhcpcd("nogateway"), dhcpcd("nogateway"))[0]![0], true, "so it is now");
});

Deno.test("proveRoute() leaves be what makes routes that no option names, while nothing changes", () => {
  const bird: Change = (facts) => {
    none(facts);
    facts.services = ["bird2", "sshd"];
  };
  const stays = [true, "what leads there now stays as it is"];
  deepEqual(judged(bird, bird), [stays]);
  const more: Change = (facts) => {
    bird(facts);
    facts.services.push("nginx");
  };
  deepEqual(judged(bird, more), [stays]);
  deepEqual(judged(bird, none), [[false, "there is no default gateway"]]);
  deepEqual(
    judged(more, (facts) => {
      more(facts);
      facts.network.nameservers = [];
    }),
    [[false, "there is no default gateway"]],
  );
});
