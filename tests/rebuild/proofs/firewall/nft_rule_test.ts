/** What a rule of nft(8) may do with the packets of one session. */
import { deepEqual } from "node:assert/strict";
import { type Direction, readNftRule } from "../../../../lib/rebuild/proofs/firewall/nft_rule.ts";

const V4 = { port: 22, device: "eth0", client: "198.51.100.7" };
const V6 = { ...V4, client: "2001:db8::7" };

/** What a rule may do, in words. */
function may(rule: string, packets = V4, direction: Direction = "in"): string {
  const { mayDrop, mayLet, letsAll } = readNftRule(rule, packets, direction);
  return [mayDrop && "drop", mayLet && "let", letsAll && "all"].filter(Boolean).join(" ");
}

Deno.test("readNftRule() knows whom a rule is about, and what it does with them", () => {
  const table: Readonly<Record<string, string>> = {
    "tcp dport 22 accept": "let all",
    "tcp dport 22 counter accept": "let all",
    "tcp dport 22 counter packets 12 bytes 720 accept": "let all",
    "tcp dport { 22, 80 } accept": "let all",
    "tcp dport 22 limit rate 3/minute accept": "let",
    "tcp dport 22 log accept": "let",
    "tcp dport 22 jump limits": "let",
    "tcp dport 22 return": "let",
    "tcp dport 23 accept": "",
    "tcp dport 22 drop": "drop",
    "tcp dport 22 reject with icmpx type admin-prohibited": "drop",
    "tcp dport 1-1023 drop": "drop",
    "tcp dport != 22 drop": "",
    "tcp dport != { 80, 443 } drop": "drop",
    "tcp dport == 22 drop": "drop",
    "iif eth0 drop": "drop",
    "iifname != eth0 drop": "",
    "ct state { established, related } accept": "let",
    "ct state new drop": "drop",
    "ct state vmap { established : accept, invalid : drop }": "let",
    "ct state vmap { established : accept, new : drop }": "drop let",
    "ip saddr 198.51.100.7 drop": "drop",
    "ip saddr 198.51.100.0-198.51.100.255 drop": "drop",
    "ip saddr { 10.0.0.0/8, 192.168.0.0/16 } drop": "",
    "meta l4proto tcp drop": "drop",
    "meta l4proto != tcp drop": "",
    "meta nfproto ipv4 drop": "drop",
    "udp dport 22 drop": "",
    "icmp type echo-request drop": "",
    // Its frames come from some card, and may have a VLAN, like any other.
    "ether saddr 00:11:22:33:44:55 drop": "drop",
    "vlan id 5 drop": "drop",
    "meta mark 1 drop": "drop",
  };
  for (const [rule, expected] of Object.entries(table)) deepEqual(may(rule), expected, rule);
});

Deno.test("readNftRule() takes no packet for one with another header, also where that is negated", () => {
  const table: Readonly<Record<string, readonly [v4: string, v6: string]>> = {
    "ip saddr != 10.0.0.0/8 drop": ["drop", ""],
    "ip saddr != 10.0.0.0/8 accept": ["let all", ""],
    "ip saddr != 198.51.100.0/24 drop": ["", ""],
    "ip6 saddr != 2001:db8::/32 drop": ["", ""],
    "ip6 saddr != fd00::/8 drop": ["", "drop"],
    "ip protocol != udp accept": ["let all", ""],
    "ip6 nexthdr tcp accept": ["", "let all"],
    "ip daddr != 203.0.113.9 drop": ["drop", ""],
    "meta nfproto != ipv4 drop": ["", "drop"],
  };
  for (const [rule, [v4, v6]] of Object.entries(table)) {
    deepEqual([may(rule), may(rule, V6)], [v4, v6], rule);
  }
  // A socket of both families names IPv4 so.
  deepEqual(may("ip saddr 198.51.100.7 drop", { ...V4, client: "::ffff:198.51.100.7" }), "drop");
});

Deno.test("readNftRule() turns a connection round for the answers", () => {
  const table: Readonly<Record<string, string>> = {
    "tcp sport 22 accept": "let all",
    "tcp sport 80 drop": "",
    "tcp dport { 25, 465 } drop": "",
    "tcp dport 40000-50000 drop": "drop",
    "ct state established accept": "let all",
    "ct state new drop": "",
    "oifname eth0 drop": "drop",
    "oifname eth1 drop": "",
    "ip daddr 198.51.100.0/24 drop": "drop",
    "ip daddr 10.0.0.0/8 drop": "",
  };
  for (const [rule, expected] of Object.entries(table)) {
    deepEqual(may(rule, V4, "out"), expected, rule);
  }
});
