import { deepEqual } from "node:assert/strict";
import { heirs } from "../../../../lib/rebuild/proofs/network/heirs.ts";
import { question, rentedServerFacts, rentedServerNow } from "../../../support/facts.ts";
import type { Change } from "../refused.ts";

const ens3 = rentedServerNow().interfaces[1]!;
const bridge = (...interfaces: string[]): Change => ({ network }) =>
  network.bridges = [{ name: "br0", interfaces, rstp: false }];

/** What is in the place of an interface then: names, and their types where something is known. */
function found(before: Change | undefined, after: Change, device = "ens3"): string[] {
  const now = {
    interfaces: [
      { ...ens3, traits: { type: "ether" } },
      { name: "br0", kind: "virtual" as const, traits: { type: "bridge" }, addresses: [] },
    ],
  };
  const old = before && rentedServerFacts(before);
  return heirs(question(old, rentedServerFacts(after), now), device)
    .map(({ name, traits }) => [name, ...(traits?.type ? [traits.type] : [])].join(" "));
}

Deno.test("heirs() follows a card into what it becomes part of, and a bridge to what it leaves", () => {
  const plain: Change = () => {};
  deepEqual(found(plain, plain), ["ens3 ether"]);
  deepEqual(found(plain, bridge("ens3")), ["br0 bridge"]);
  deepEqual(found(undefined, bridge("ens3")), ["br0 bridge"]);
  // As odd as it is, the session is on a card that is part of a bridge now.
  deepEqual(found(bridge("ens3"), bridge("ens3")), ["ens3 ether"]);
  deepEqual(found(bridge("ens3"), bridge("ens3", "ens4"), "br0"), ["br0 bridge"]);
  deepEqual(found(bridge("ens3"), plain, "br0"), ["ens3 ether"]);
  const bond: Change = ({ network }) =>
    network.bonds = [{ name: "bond0", interfaces: ["ens3"], driverOptions: {} }];
  deepEqual(found(bridge("ens3"), bond, "br0"), ["bond0 bond"]);
  const both: Change = (facts) => {
    bond(facts);
    bridge("bond0")(facts);
  };
  deepEqual(found(plain, both), ["br0 bridge"]);
});

Deno.test("heirs() knows the kind of what a unit of networkd's makes", () => {
  const units: Change = ({ network }) => {
    network.networkd = true;
    network.networkdUnits = [
      { name: "10.netdev", text: "[NetDev]\nName=team0\nKind=bond\n" },
      { name: "20.network", text: "[Match]\nName=ens3\n[Network]\nBond=team0\n" },
    ];
  };
  deepEqual(found(() => {}, units), ["team0 bond"]);
});
