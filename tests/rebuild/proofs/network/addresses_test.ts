import { equal } from "node:assert/strict";
import { comesInOn, isOfIpv6, isTunnel } from "../../../../lib/rebuild/proofs/network/addresses.ts";
import { question, rentedServerFacts, rentedServerNow } from "../../../support/facts.ts";

function from(
  clientAddress: string,
  serverAddress: string,
  names = ["lo", "ens3"],
  kind?: "tunnel",
) {
  const [lo, ens3] = rentedServerNow().interfaces;
  const facts = rentedServerFacts();
  return question(facts, facts, {
    session: { kind: "ssh", clientAddress, serverAddress, serverPort: 22 },
    interfaces: [
      { ...lo!, name: names[0]! },
      { ...ens3!, name: names[1]!, ...(kind ? { kind } : {}) },
    ],
  });
}

Deno.test("comesInOn() knows where packets come in only where an address says so", () => {
  const CLIENT = "198.51.100.7";
  equal(comesInOn(from(CLIENT, "203.0.113.42")), "ens3");
  equal(comesInOn(from("::ffff:198.51.100.7", "::ffff:203.0.113.42")), "ens3");
  equal(comesInOn(from("fe80::1%ens3", "fe80::5054:ff:fe12:3456%ens3")), "ens3");
  equal(comesInOn(from(CLIENT, "203.0.113.99")), undefined);
  for (const [client, server] of [["127.0.0.1", "127.0.0.1"], ["::1", "::1"]]) {
    equal(comesInOn(from(client!, server!)), "lo");
  }
  equal(comesInOn(from("203.0.113.42", "203.0.113.42")), "lo", "from itself");
  for (const name of ["lo", "dummy0"]) {
    equal(comesInOn(from(CLIENT, "203.0.113.42", ["x", name])), undefined, name);
  }
});

Deno.test("isTunnel() asks what the address of the session is on", () => {
  equal(isTunnel(from("10.0.0.1", "203.0.113.42")), false);
  equal(isTunnel(from("10.0.0.1", "203.0.113.42", ["lo", "wg0"], "tunnel")), true);
  equal(isTunnel(from("10.0.0.1", "203.0.113.99", ["lo", "wg0"], "tunnel")), false);
});

Deno.test("isOfIpv6() knows words of networkd's for hops", () => {
  for (const hop of ["fe80::1", "2001:db8::1", "_ipv6ra"]) equal(isOfIpv6(hop), true, hop);
  for (const hop of ["192.0.2.1", "_dhcp4"]) equal(isOfIpv6(hop), false, hop);
});
