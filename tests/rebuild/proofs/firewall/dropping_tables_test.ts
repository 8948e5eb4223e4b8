import { equal, match } from "node:assert/strict";
import { shutByTables } from "../../../../lib/rebuild/proofs/firewall/dropping_tables.ts";

const SESSION = { port: 22, device: "eth0", client: "198.51.100.7" };

/** A table with one chain that packets to the machine pass. */
function table(rules: string, policy = "accept", family = "inet", hook = "input") {
  return `table ${family} own {
  chain own_${hook} {
    type filter hook ${hook} priority 0; policy ${policy};
    ${rules}
  }
}`;
}

const shut = (after: string, before = "", packets: Parameters<typeof shutByTables>[2] = SESSION) =>
  shutByTables(before, after, packets);

Deno.test("shutByTables() names a new rule that may drop the session, as it stands there", () => {
  for (
    const rule of [
      "drop",
      "counter drop",
      "tcp dport 22 drop",
      "tcp dport ssh reject with tcp reset",
      "tcp dport { 80, 20-30 } drop",
      "tcp dport != 443 drop",
      "ip saddr 198.51.100.0/24 drop",
      "ip saddr != 10.0.0.0/8 tcp dport 22 drop",
      "ip saddr @blocked drop",
      "iifname eth* drop",
      "ct state new tcp dport 22 limit rate over 3/minute drop",
      "tcp dport vmap { 22 : drop, 80 : accept }",
      "ip saddr != 198.51.100.0/24 tcp dport 22 accept; drop",
    ]
  ) {
    const said = rule.split("; ").at(-1)!;
    equal(
      shut(table(rule)),
      `a rule that is not there now may drop it: chain own_input: ${said}`,
      rule,
    );
  }
  for (const hook of ["prerouting", "ingress", "output", "postrouting"]) {
    equal(typeof shut(table("drop", "accept", "inet", hook)), "string", hook);
  }
  match(shut(table('iifname "lo" accept', "drop"))!, /own_input: policy drop$/);
  match(shut(table("", "accept") + "\nadd rule inet own own_input drop")!, /own_input: drop$/);
  match(shut('include "/etc/nft.conf"')!, /another file adds cannot be judged: include \/etc/);
});

Deno.test("shutByTables() lets pass what is about other packets, or comes after what lets the session in", () => {
  for (
    const rule of [
      'tcp dport 23 comment "drop 22" drop',
      'tcp dport 22 log prefix "drop: " accept',
      "# drop",
      "udp dport 22 drop",
      "icmp type echo-request drop",
      "meta l4proto { icmp, udp } drop",
      "ip saddr 203.0.113.5 drop",
      "ip6 saddr ::/0 drop",
      "meta nfproto ipv6 drop",
      'iifname { "wan0", "wan1" } drop',
      "ct state invalid drop",
      "ct state vmap { invalid : drop, established : accept }",
      "tcp dport 22 accept; drop",
      "ct state established,related accept; ct state new tcp dport { 22, 443 } counter accept; drop",
      'ip saddr 198.51.100.0/24 iifname "eth0" tcp dport 20-30 accept; drop',
    ]
  ) equal(shut(table(rule)), undefined, rule);
  equal(shut(table("drop", "drop", "inet", "forward")), undefined);
  equal(shut(table("drop", "drop", "ip6")), undefined);
  equal(shut(table("drop", "drop", "arp")), undefined);
  equal(shut(table("tcp dport 22 accept", "drop")), undefined);
  equal(shut(table("tcp dport { 25, 465-587 } drop", "accept", "inet", "output")), undefined);
  equal(shut(table("ct state established, related accept", "drop", "inet", "output")), undefined);
});

Deno.test("shutByTables() follows jumps, variables and sets of many lines", () => {
  const jump = (rules: string, hook: string) =>
    `${table("jump guests", "accept", "inet", hook)}
table inet own {
  chain guests {
    ${rules}
  }
}`;
  match(shut(jump("tcp dport 22 drop", "input"))!, /chain guests: tcp dport 22 drop/);
  equal(shut(jump("tcp dport 22 drop", "forward")), undefined);
  const named = (set: string, variable: string) =>
    `define lan = ${variable}
table ip own {
  set ports {
    type inet_service
    elements = {
      ${set}
    }
  }
  chain own_input {
    type filter hook input priority 0
    ip saddr $lan tcp dport @ports accept
    drop
  }
}`;
  equal(shut(named("22,\n 80", "{ 10.0.0.0/8, 198.51.100.0/24 }")), undefined);
  match(shut(named("80,\n 81", "198.51.100.0/24"))!, /own_input: drop/);
  match(shut(named("22", "10.0.0.0/8"))!, /own_input: drop/);
});

Deno.test("shutByTables() takes what runs at its word while it stays", () => {
  const now = table("iifname eth0 jump admins\ntcp dport @open accept", "drop");
  equal(shut(now, now), undefined);
  equal(
    shut(
      table("iifname eth0 jump admins\ntcp dport @open accept\nudp dport 53 accept", "drop"),
      now,
    ),
    undefined,
  );
  // The record of an older tool knows the tables' content only.
  equal(shut(now, now.replace("table inet own {", "")), undefined);
  match(
    shut(table("iifname eth0 jump admins", "drop"), now)!,
    /may let it in now would be gone: chain own_input: tcp dport @open accept/,
  );
  match(
    shut(table("tcp dport 22 drop\ntcp dport @open accept", "drop"), now)!,
    /tcp dport 22 drop/,
  );
  equal(shut("", now), undefined, "with the table what drops goes, too");
});

Deno.test("shutByTables() refuses what may be about a session of which nothing is known", () => {
  const anybody = { port: 22, device: undefined, client: undefined };
  for (
    const rule of ["iifname wan0 drop", "ip6 saddr 2001:db8::/32 drop", "iifname wan0 accept; drop"]
  ) {
    equal(typeof shut(table(rule), "", anybody), "string", rule);
  }
});

Deno.test("shutByTables() asks each table by itself: what one lets in, another may drop", () => {
  const open = table("tcp dport 22 accept");
  const other = open.replace("inet own", "inet second").replace("tcp dport 22 accept", "drop");
  match(shut(`${open}\n${other}`)!, /own_input: drop$/);
  match(shut(`${open}\n${other}`, open)!, /own_input: drop$/);
  equal(shut(`${open}\n${other}`, `${open}\n${other}`), undefined);
  // The same words in another table are another rule.
  const policy = table("tcp dport 80 accept", "drop");
  match(shut(`${policy}\n${policy.replace("inet own", "inet second")}`, policy)!, /policy drop$/);
  const jumps = table("jump guests") + "\ntable inet second { chain guests { drop } }";
  equal(shut(jumps), undefined, "a jump stays within its table");
});
