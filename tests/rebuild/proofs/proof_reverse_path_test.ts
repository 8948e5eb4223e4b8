/** Answers that leave by another card than the questions came in on (firewall-iptables.nix, -nftables.nix; ip-sysctl). */
import { deepEqual, equal, match } from "node:assert/strict";
import { proveReversePath } from "../../../lib/rebuild/proofs/proof_reverse_path.ts";
import { question, rentedServerFacts, rentedServerNow } from "../../support/facts.ts";
import type { Change } from "./refused.ts";

function refusal(before: Change | undefined, after: Change, now = {}): string | undefined {
  const old = before && rentedServerFacts(before);
  const [verdict, ...more] = proveReversePath(
    question(old, rentedServerFacts(after), { wayOut: "ens4", ...now }),
  );
  deepEqual(more, []);
  if (verdict !== undefined) equal(verdict.ok, false);
  return verdict?.why;
}

const check = (how: "strict" | "loose" | "off", nftables = false): Change => ({ firewall }) =>
  Object.assign(firewall, { enable: true, checkReversePath: how, nftables });
const without: Change = ({ firewall }) =>
  Object.assign(firewall, { enable: false, checkReversePath: "strict" });

function says(option: string, value: unknown, change: Change = check("off")): Change {
  return (facts) => {
    change(facts);
    facts.plain = [{
      name: option,
      said: [{ option: option.split("."), merges: false, value }],
    }];
  };
}

Deno.test("proveReversePath() refuses the strict check where answers leave by another card", () => {
  for (const nftables of [false, true]) {
    for (const before of [check("loose"), check("off"), without, undefined]) {
      match(
        refusal(before, check("strict", nftables)) ?? "",
        /^the firewall's is strict, and answers to 198\.51\.100\.7 leave by ens4, not by ens3$/,
      );
    }
  }
});

Deno.test("proveReversePath() lets be what is checked now, what is loose, and who answers the same way", () => {
  equal(refusal(check("strict"), check("strict", true)), undefined);
  for (const after of [check("loose"), check("off"), without]) {
    equal(refusal(without, after), undefined);
  }
  for (const wayOut of ["ens3", undefined]) {
    equal(refusal(check("off"), check("strict"), { wayOut }), undefined);
  }
  const session = (clientAddress: string, serverAddress: string) => ({
    session: { kind: "ssh", clientAddress, serverAddress, serverPort: 2222 },
  });
  const others = [
    ["127.0.0.1", "127.0.0.1"],
    ["203.0.113.42", "203.0.113.42"],
    ["fe80::9%ens3", "fe80::5054:ff:fe12:3456%ens3"],
  ];
  for (const [client, server] of others) {
    equal(refusal(check("off"), check("strict"), session(client!, server!)), undefined);
  }
});

Deno.test("proveReversePath() does not know where packets to an address of the loopback interface come in", () => {
  const interfaces = rentedServerNow().interfaces.map((one) => ({
    ...one,
    name: one.name === "ens3" ? "lo" : "ens3",
  }));
  match(refusal(check("off"), check("strict"), { interfaces }) ?? "", /way in is not known$/);
  equal(refusal(undefined, check("strict"), { interfaces }), undefined);
  // The only card is the way in, too.
  const wayOut = "ens3";
  equal(refusal(check("off"), check("strict"), { interfaces, wayOut }), undefined);
});

Deno.test("proveReversePath() does not know the tables of a tunnel", () => {
  const interfaces = rentedServerNow().interfaces
    .map((one) => one.name === "ens3" ? { ...one, kind: "tunnel" } : one);
  equal(refusal(check("off"), check("strict"), { interfaces }), undefined);
});

Deno.test("proveReversePath() counts the owner's own rules before the check", () => {
  const nft = "networking.firewall.extraReversePathFilterRules";
  const strict = check("strict", true);
  equal(refusal(without, says(nft, "tcp dport 2222 accept", strict)), undefined);
  equal(refusal(without, says(nft, 'iifname "ens3" accept\n', strict)), undefined);
  match(refusal(without, says(nft, 'iifname "wg0" accept\n', strict)) ?? "", /strict/);
  match(refusal(without, says(nft, "udp dport 51820 accept", strict)) ?? "", /strict/);
  const iptables = (text: string): Change => (facts) => {
    check("strict")(facts);
    facts.firewall.extraCommands = text;
  };
  const rule = "ip46tables -t mangle -I nixos-fw-rpfilter -i ens3 -j RETURN";
  equal(refusal(without, iptables(rule)), undefined);
  // What is written everywhere about WireGuard lets in WireGuard alone.
  const udp =
    "ip46tables -t mangle -I nixos-fw-rpfilter -p udp -m udp --dport 51820 -j RETURN || true";
  match(refusal(without, iptables(udp)) ?? "", /strict/);
});

Deno.test("proveReversePath() knows the kernel's own check: the larger of all and the card's counts", () => {
  const sysctl = (settings: Record<string, unknown>) => says("boot.kernel.sysctl", settings);
  const strict: readonly Record<string, unknown>[] = [
    { "net.ipv4.conf.all.rp_filter": 1 },
    { "net.ipv4.conf.default.rp_filter": "1" },
    { "net.ipv4.conf.ens3.rp_filter": true },
    { "net.ipv4.conf.*.rp_filter": 1 },
    { "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 1 },
  ];
  for (const settings of strict) {
    match(refusal(check("off"), sysctl(settings)) ?? "", /^the kernel's is strict/);
    equal(refusal(sysctl(settings), sysctl(settings)), undefined);
  }
  const harmless: readonly Record<string, unknown>[] = [
    { "net.ipv4.conf.all.rp_filter": 2, "net.ipv4.conf.default.rp_filter": 1 },
    { "net.ipv4.conf.ens4.rp_filter": 1 },
    { "net.ipv4.ip_forward": 1 },
  ];
  for (const settings of harmless) equal(refusal(check("off"), sysctl(settings)), undefined);
  const session = {
    kind: "ssh",
    clientAddress: "2001:db8::7",
    serverAddress: "2001:db8:4711::2",
    serverPort: 2222,
  };
  equal(refusal(check("off"), sysctl(strict[0]!), { session }), undefined, "of IPv4 alone");
});
