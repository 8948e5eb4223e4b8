import assert from "node:assert/strict";
import { openingsOf, openingsRead } from "../../../lib/install/plan/openings.ts";
import { configurationFacts } from "../../support/facts.ts";

/** Of NixOS 24.05's firewall-start, and of its nftables rules. */
const IPTABLES = `
    # ip46tables -A nixos-fw -p tcp --dport 1 -j nixos-fw-accept
    ip46tables -A nixos-fw-accept -j ACCEPT
    ip46tables -A nixos-fw -i lo -j nixos-fw-accept
    ip46tables -A nixos-fw -m conntrack --ctstate ESTABLISHED,RELATED -j nixos-fw-accept
    ip46tables -A nixos-fw -p tcp --dport 22 -j nixos-fw-accept${" "}
    ip46tables -A nixos-fw -p tcp --dport 3306 -j nixos-fw-accept -i eth1
    ip46tables -A nixos-fw -p udp --dport 60000:61000 -j nixos-fw-accept
    iptables -w -A nixos-fw -p icmp --icmp-type echo-request -j nixos-fw-accept
    ip6tables -A nixos-fw -d fe80::/64 -p udp --dport 546 -j nixos-fw-accept
    iptables  -A nixos-fw -s 10.0.0.0/8 -p tcp --dport 9100 -j nixos-fw-accept
`;
const NFTABLES = `
  meta nfproto ipv4 udp sport . udp dport { 67 . 68, 68 . 67 } accept comment "DHCPv4 client/server"
  iifname { "lo" } accept comment "trusted interfaces"
   tcp dport { 22 } accept
  iifname eth1 tcp dport { 3306 } accept
   udp dport { 60000-61000 } accept
  icmp type echo-request  accept comment "allow ping"
  ip6 daddr fe80::/64 udp dport 546 accept comment "DHCPv6 client"
`;
const OPEN = ["all on lo", "tcp 22", "tcp 3306 on eth1", "udp 60000-61000"];

Deno.test("openingsOf() says what a firewall lets in, of iptables and of nftables alike", () => {
  const own = "iptables -A nixos-fw -s 10.0.0.0/8 -p tcp --dport 9100 -j nixos-fw-accept";
  assert.deepEqual([...openingsOf(IPTABLES)].sort(), [...OPEN.slice(0, 1), own, ...OPEN.slice(1)]);
  assert.deepEqual([...openingsOf(NFTABLES)].sort(), OPEN);
  assert.deepEqual([...openingsOf("tcp dport 80 accept\nudp dport 53 drop")], ["tcp 80"]);
});

Deno.test("openingsRead() says it of options in the same words", () => {
  const none = { tcp: [], udp: [], tcpRanges: [], udpRanges: [] };
  const facts = configurationFacts((facts) => {
    facts.firewall = {
      ...facts.firewall,
      enable: true,
      trustedInterfaces: ["lo"],
      open: { ...none, tcp: [22], udpRanges: [{ from: 60000, to: 61000 }] },
      perInterface: [{ name: "eth1", open: { ...none, tcp: [3306] } }],
    };
  });
  assert.deepEqual([...openingsRead(facts.firewall)].sort(), OPEN);
  const withRules = { ...facts.firewall, rules: IPTABLES };
  assert.deepEqual(openingsRead(withRules), openingsOf(IPTABLES));
  const off = { ...withRules, enable: false, rules: "tcp dport 80 accept" };
  assert.deepEqual([...openingsRead(off)], ["tcp 80"]);
});
