import { equal } from "node:assert/strict";
import fc from "fast-check";
import {
  inNetwork,
  matchesGroup,
  matchesHost,
  matchesUser,
  sameAddress,
  wildcard,
} from "../../../lib/machine/accounts/ssh_patterns.ts";

Deno.test("matchesUser() reads patterns as sshd does", () => {
  const from = (address: string | undefined) => ({ user: "alice", address });
  for (
    const [patterns, address, expected] of [
      [["alice"], undefined, "yes"],
      [["bob", "al*"], undefined, "yes"],
      [["a?ice"], undefined, "yes"],
      [["Alice"], undefined, "no"],
      [["alic"], undefined, "no"],
      [["!bob"], undefined, "no"],
      [["alice@10.0.0.5"], "10.0.0.5", "yes"],
      [["alice@10.0.0.5"], "10.0.0.6", "no"],
      [["alice@10.0.0.5"], undefined, "maybe"],
      [["alice@10.0.0.5", "alice"], undefined, "yes"],
      [["alice@10.*"], "10.9.9.9", "yes"],
      [["alice@10.0.0.0/8"], "10.9.9.9", "yes"],
      [["alice@!10.0.0.5,10.*"], "10.0.0.5", "no"],
      [["alice@!10.0.0.5,10.*"], "10.0.0.6", "yes"],
      [["*@*"], undefined, "yes"],
      [["alice@2001:db8::/32"], "2001:db8::1", "yes"],
      [["alice@2001:db8::/32"], "10.0.0.5", "no"],
      [[], undefined, "no"],
    ] as const
  ) {
    equal(matchesUser(patterns, from(address)), expected, `${patterns} from ${address}`);
  }
});

Deno.test("matchesGroup() covers any group of an account", () => {
  equal(matchesGroup(["wheel"], ["users", "wheel"]), true);
  equal(matchesGroup(["w*l"], ["users", "wheel"]), true);
  equal(matchesGroup(["admins"], ["users", "wheel"]), false);
});

Deno.test("matchesHost() does not guess where a client comes from", () => {
  equal(matchesHost("10.0.0.0/8", undefined), "maybe");
  equal(matchesHost("*", undefined), "yes");
  equal(matchesHost("*,!10.0.0.1", undefined), "maybe");
});

Deno.test("wildcard() takes every character but * and ? as itself", () => {
  const text = fc.string({ unit: "grapheme" }).filter((one) => !/[*?]/.test(one));
  fc.assert(fc.property(text, text, (one, other) => {
    equal(wildcard(one, one), true);
    equal(wildcard(one, other), one === other);
    equal(wildcard(`${one}*`, one + other), true);
  }));
});

Deno.test("inNetwork() compares prefixes of both families", () => {
  equal(inNetwork("192.0.2.130", "192.0.2.128", 25), true);
  equal(inNetwork("192.0.2.1", "192.0.2.128", 25), false);
  equal(inNetwork("::ffff:192.0.2.130", "192.0.2.128", 25), true);
  equal(inNetwork("fe80::1%eth0", "fe80::", 10), true);
  equal(inNetwork("nonsense", "192.0.2.128", 25), false);
});

Deno.test("sameAddress() knows the spellings of an IPv6 address", () => {
  equal(sameAddress("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"), true);
  equal(sameAddress("2001:db8::1", "2001:db8::2"), false);
  equal(sameAddress("::", "0:0:0:0:0:0:0:0"), true);
});
