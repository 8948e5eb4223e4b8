/** Rulesets as `nft -f` reads them (nft(8)). */
import { deepEqual } from "node:assert/strict";
import { nftChains } from "../../../../lib/rebuild/proofs/firewall/nft_ruleset.ts";

/** The statements of each chain, by table and name. */
function chains(text: string): Record<string, readonly string[]> {
  return Object.fromEntries(
    nftChains(text).map(({ family, table, name, statements }) => [
      [family, table, name].filter((word) => word !== undefined).join(" "),
      statements,
    ]),
  );
}

Deno.test("nftChains() reads blocks, lines and one-liners alike", () => {
  const said = ["type filter hook input priority 0", "policy drop", "tcp dport 22 accept"];
  const texts = [
    "table inet fw {\n  chain input {\n    type filter hook input priority 0; policy drop;\n    tcp dport 22 accept\n  }\n}",
    "table inet fw { chain input { type filter hook input priority 0; policy drop; tcp dport 22 accept; } }",
    "add table inet fw\nadd chain inet fw input { type filter hook input priority 0; policy drop; }\nadd rule inet fw input tcp dport 22 accept",
    'flush ruleset\ntable inet fw {\n chain input {\n type filter hook input priority 0\n policy drop # never }\n}\n}\ntable inet fw {\n chain input {\n  tcp dport \\\n   22 accept comment "a } brace"\n }\n}',
  ];
  for (const text of texts) deepEqual(chains(text), { "inet fw input": said }, text);
});

Deno.test("nftChains() keeps chains and sets of several tables apart", () => {
  const text = `
table inet a {
  set allowed { type ipv4_addr; elements = { 10.0.0.1 } }
  chain input { ip saddr @allowed accept }
}
table inet b {
  set allowed { type ipv4_addr; elements = { 10.0.0.2 }; }
  chain input { ip saddr @allowed accept; drop }
}
table a {
  chain input { ip saddr @allowed drop }
}`;
  deepEqual(chains(text), {
    "inet a input": ["ip saddr { 10.0.0.1 } accept"],
    "inet b input": ["ip saddr { 10.0.0.2 } accept", "drop"],
    "ip a input": ["ip saddr @allowed drop"],
  });
});

Deno.test("nftChains() puts an inserted rule first, and an added one last", () => {
  const text = "table ip fw { chain in { tcp dport 80 accept } }\n" +
    "insert rule ip fw in drop\nadd rule fw in tcp dport 22 accept";
  deepEqual(chains(text), { "ip fw in": ["drop", "tcp dport 80 accept", "tcp dport 22 accept"] });
});

Deno.test("nftChains() writes variables and written sets out, and leaves what is filled at run time", () => {
  const text = `define lan = { 10.0.0.0/8,
  192.168.0.0/16 } # ours
define all = $lan
table ip fw {
  set banned { type ipv4_addr; flags dynamic, timeout; elements = { 10.0.0.9 } }
  set none { type ipv4_addr; }
  chain in {
    ip saddr $all accept
    ip saddr @banned drop
    ip saddr @none drop
    ip saddr $unknown drop
  }
}`;
  deepEqual(chains(text)["ip fw in"], [
    "ip saddr { 10.0.0.0/8, 192.168.0.0/16 } accept",
    "ip saddr @banned drop",
    "ip saddr @none drop",
    "ip saddr $unknown drop",
  ]);
  deepEqual(chains("define a = $a\ntable ip x { chain y { ip saddr $a drop } }")["ip x y"], [
    "ip saddr $a drop",
  ]);
});

Deno.test("nftChains() knows a table's content alone, and what only another file says", () => {
  deepEqual(chains("chain in {\n drop\n}\n"), { in: ["drop"] });
  deepEqual(chains('include "/etc/nft/*.conf"'), { "": ["include /etc/nft/*.conf"] });
  deepEqual(chains(""), {});
  deepEqual(chains("table inet broken { chain in { drop"), { "inet broken in": ["drop"] });
});
