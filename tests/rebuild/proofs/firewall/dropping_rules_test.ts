import { deepEqual } from "node:assert/strict";
import { droppingRules } from "../../../../lib/rebuild/proofs/firewall/dropping_rules.ts";

const SESSION = { port: 22, device: "eth0", client: "198.51.100.7" };

Deno.test("droppingRules() finds what may drop a session's packets", () => {
  for (
    const line of [
      "iptables -P INPUT DROP",
      "iptables -A INPUT -j REJECT",
      "iptables -I nixos-fw 1 -p tcp --dport 22 -j DROP",
      "ip46tables -A INPUT -p tcp -m multiport --dports 80,20:30 -j DROP",
      "iptables -A INPUT -p tcp --dport ssh -j DROP",
      "iptables -A INPUT -p tcp --dport $port -j DROP",
      "iptables -A INPUT ! -s 10.0.0.0/8 -p tcp --dport 22 -j DROP",
      "iptables -A INPUT -s 198.51.100.0/24 -j DROP",
      // Answers do not come back.
      "iptables -P OUTPUT DROP",
      "iptables -A OUTPUT -j REJECT",
      "iptables -A OUTPUT -p tcp --sport 22 -d 198.51.100.0/24 -j DROP",
      "iptables -A OUTPUT -p tcp --dport 1024:65535 -j DROP",
      "iptables -t raw -A PREROUTING -i eth+ -j DROP",
      "${pkgs}/bin/iptables -w -A OWN -p tcp -j DROP",
      "iptables -A INPUT -p tcp -m connlimit --connlimit-above 3 -j REJECT --reject-with tcp-reset",
    ]
  ) deepEqual(droppingRules(`true\n  ${line}  \n`, SESSION), [line]);
  deepEqual(
    droppingRules("iptables -A INPUT \\\n  -p tcp -j DROP", SESSION),
    ["iptables -A INPUT    -p tcp -j DROP"],
  );
});

Deno.test("droppingRules() leaves alone what is about other packets", () => {
  for (
    const line of [
      "iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
      "iptables -A INPUT -p tcp --dport 23 -j DROP",
      "iptables -A INPUT -p tcp --dports 80,443,1000:2000 -j DROP",
      "iptables -A INPUT -p udp -j DROP",
      "iptables -A INPUT -i wan0 -j DROP",
      "iptables -A INPUT -s 203.0.113.5 -j DROP",
      "iptables -A INPUT -s 203.0.113.0/24,10.0.0.0/8 -j DROP",
      "ip6tables -A INPUT -p tcp --dport 22 -j DROP",
      "iptables -A FORWARD -i eth0 -j DROP",
      "iptables -A INPUT -m conntrack --ctstate INVALID -j DROP",
      "iptables -A OUTPUT -p tcp --dport 25 -j REJECT",
      "iptables -A OUTPUT -m state --state NEW -j DROP",
      "iptables -A OUTPUT -d 203.0.113.0/24 -j DROP",
      "iptables -A OUTPUT -o wan0 -j DROP",
      "iptables -A OUTPUT -p tcp --sport 80 -j DROP",
      // The port was let in before.
      "iptables -A nixos-fw -p tcp -j DROP",
      "# iptables -A INPUT -j DROP",
      "iptables -A INPUT -p tcp --dport 22 -j LOG --log-prefix DROP",
    ]
  ) deepEqual(droppingRules(line, SESSION), []);
  const anybody = { port: 22, device: undefined, client: undefined };
  deepEqual(
    droppingRules("ip6tables -A INPUT -i wan0 -s 2001:db8::/32 -j DROP", anybody).length,
    1,
  );
});

Deno.test("droppingRules() takes answers that are let out before the rest is dropped for what they are", () => {
  const lets = "iptables -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
  const drop = "iptables -A OUTPUT -j DROP";
  const policy = "iptables -P OUTPUT DROP";
  deepEqual(droppingRules(`${policy}\n${lets}\n${drop}`, SESSION), []);
  deepEqual(droppingRules(`${drop}\n${lets}`, SESSION), [drop]);
  const first = "iptables -I OUTPUT -j DROP";
  deepEqual(droppingRules(`${lets}\n${first}`, SESSION), [first]);
  deepEqual(droppingRules(`${lets.replace("iptables", "ip6tables")}\n${drop}`, SESSION), [drop]);
  deepEqual(droppingRules(`${lets.replace("iptables", "ip46tables")}\n${drop}`, SESSION), []);
  deepEqual(droppingRules(`${lets.replace("-m", "-o lo -m")}\n${drop}`, SESSION), [drop]);
});
