import { deepEqual, equal } from "node:assert/strict";
import { losesWays, waysIn } from "../../../../lib/rebuild/proofs/firewall/ways_in.ts";
import { configurationFacts } from "../../../support/facts.ts";
import type { ConfigurationFacts } from "../../../../lib/nix/evaluation/configuration_facts.ts";

type Firewall = ConfigurationFacts["firewall"];

function firewall(change: (one: Firewall) => void = () => {}): Firewall {
  return configurationFacts(({ firewall }) => change(firewall)).firewall;
}

const on = (name: string, udp: number) => (one: Firewall) => {
  one.perInterface.push({ name, open: { tcp: [], udp: [udp], tcpRanges: [], udpRanges: [] } });
};

Deno.test("waysIn() takes ports of the protocol alone, on the interface that counts", () => {
  const both = firewall((one) => {
    one.open.tcp = [53];
    on("lan", 53)(one);
    one.trustedInterfaces = ["wg0"];
  });
  deepEqual(waysIn(both, 53, "lan"), ["it is open on every interface"]);
  deepEqual(waysIn(both, 53, "lan", "udp"), ["it is open on lan"]);
  deepEqual(waysIn(both, 53, "wan", "udp"), []);
  deepEqual(waysIn(both, 53, undefined, "udp"), ["it is open on lan", "wg0 is trusted"]);
  const range = firewall((one) => one.open.udpRanges = [{ from: 50, to: 53 }]);
  equal(waysIn(range, 53, "lan", "udp").length, 1);
  equal(waysIn(range, 54, "lan", "udp").length, 0);
});

Deno.test("losesWays() misses a way of now, unless there is a wider one", () => {
  const open = firewall((one) => one.open.udp = [7]);
  const off = firewall((one) => one.enable = false);
  const closed = firewall();
  const lan = firewall(on("lan", 7));
  const loses = (before: Firewall, after: Firewall) => losesWays(before, after, 7, "udp");
  deepEqual([loses(open, closed), loses(lan, closed), loses(off, closed)], [true, true, true]);
  deepEqual([loses(off, lan), loses(open, lan)], [true, true]);
  deepEqual([loses(lan, open), loses(lan, lan), loses(open, off)], [false, false, false]);
  equal(loses(closed, closed), false, "it is open by something else, or not at all");
});
