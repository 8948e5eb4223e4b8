import { deepEqual, equal } from "node:assert/strict";
import {
  enslavedTo,
  masterOf,
  unitHops,
  unitOf,
} from "../../../../lib/rebuild/proofs/network/network_units.ts";
import { configurationFacts } from "../../../support/facts.ts";

const CARD = { name: "ens3", mac: "52:54:00:12:34:56" };

function units(...texts: string[]) {
  return configurationFacts(({ network }) => {
    network.networkd = true;
    network.networkdUnits = texts.map((text, index) => ({ name: `${index}.network`, text }));
  }).network;
}

Deno.test("unitOf() takes the first unit for an interface, and one that names it before others", () => {
  const [any, named, also] = [
    "[Match]\nType=wlan\n",
    "[Match]\nName=en*\n",
    "[Match]\nName=ens3\n",
  ];
  equal(unitOf(units(named, also), CARD)?.name, "0.network");
  equal(unitOf(units(any, also), CARD)?.name, "1.network");
  equal(unitOf(units(any), CARD)?.name, "0.network");
  equal(unitOf(units("[Match]\nName=eth0\n"), CARD), undefined);
  const link = units();
  link.networkdUnits = [{ name: "10-a.link", text: also }, { name: "10-a.netdev", text: also }];
  equal(unitOf(link, CARD), undefined);
});

Deno.test("masterOf() and enslavedTo() know bridges and bonds of options and of units", () => {
  const byUnits = units(
    "[Match]\nName=ens3 ens4\n[Network]\nBond=bond0\n",
    "[Match]\nName=bond0\n[Network]\nBridge=br0\n",
  );
  equal(masterOf(byUnits, CARD), "br0");
  equal(masterOf(byUnits, { name: "eth9" }), "eth9");
  deepEqual(enslavedTo(byUnits, "bond0"), ["ens3", "ens4"]);
  const byOptions = configurationFacts(({ network }) => {
    network.bonds = [{ name: "bond0", interfaces: ["ens3"], driverOptions: {} }];
    network.bridges = [{ name: "br0", interfaces: ["bond0"], rstp: false }];
  }).network;
  equal(masterOf(byOptions, CARD), "br0");
  deepEqual(enslavedTo(byOptions, "br0"), ["ens3"]);
  deepEqual(enslavedTo(byOptions, "ens3"), []);
  const circle = units("[Match]\nName=br0\n[Network]\nBridge=br1\n");
  circle.bridges = [{ name: "br0", interfaces: ["br1"], rstp: false }];
  equal(typeof masterOf(circle, { name: "br0" }), "string");
});

Deno.test("unitHops() tells hops that answers take from those of other tables and other ways", () => {
  const hop = "192.0.2.1";
  const route = (...lines: string[]) => `[Route]\nGateway=${hop}\n${lines.join("\n")}\n`;
  const table: readonly (readonly [text: string, used: boolean | undefined])[] = [
    [`[Network]\nGateway=${hop}\n`, true],
    [route(), true],
    [route("Table=main"), true],
    [route("Table=254"), true],
    [route("Table=100"), false],
    [route("Table=100") + "[RoutingPolicyRule]\nFrom=192.0.2.2\nTable=100\n", true],
    [route("Destination=0.0.0.0/0"), true],
    [route("Destination=10.0.0.0/8"), undefined],
    [`[NextHop]\nId=1\nGateway=${hop}\n`, undefined],
  ];
  for (const [text, isUsed] of table) {
    deepEqual(unitHops(text), isUsed === undefined ? [] : [{ hop, isUsed }], text);
  }
  deepEqual(unitHops(route("Destination=10.0.0.0/8"), "10.1.2.3"), [{ hop, isUsed: true }]);
});
