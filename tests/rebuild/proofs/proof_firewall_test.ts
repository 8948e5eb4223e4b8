import { deepEqual, equal, match } from "node:assert/strict";
import { proveFirewall } from "../../../lib/rebuild/proofs/proof_firewall.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";
import type { Change } from "./refused.ts";

const AT_THE_CONSOLE = { session: { kind: "console" } } as const;

/** The session's port, 2222, open on these interfaces alone. */
function openOn(...names: string[]): Change {
  return ({ firewall }) => {
    firewall.open.tcp = [443];
    firewall.perInterface = names.map((name) => ({
      name,
      open: { tcp: [2222], udp: [], tcpRanges: [], udpRanges: [] },
    }));
  };
}

function trusted(...names: string[]): Change {
  return ({ firewall }) => {
    firewall.open.tcp = [443];
    firewall.trustedInterfaces = names;
  };
}

function rules(text: string): Change {
  return ({ firewall }) => {
    firewall.open.tcp = [443];
    firewall.extraCommands = text;
  };
}

const closed: Change = ({ firewall }) => firewall.open.tcp = [443];

function judged(before: Change | undefined, after: Change, now = {}) {
  const old = before && rentedServerFacts(before);
  const [verdict, ...more] = proveFirewall(question(old, rentedServerFacts(after), now));
  equal(more.length, 0);
  return [verdict!.ok, verdict!.why];
}

Deno.test("proveFirewall() accepts every way to let the session's port in", () => {
  const ways: readonly (readonly [Change, string])[] = [
    [() => {}, "it is open on every interface"],
    [
      ({ firewall }) =>
        Object.assign(firewall.open, { tcp: [], tcpRanges: [{ from: 2222, to: 2222 }] }),
      "it is open on every interface",
    ],
    [openOn("eth9", "ens3"), "it is open on ens3"],
    [trusted("ens3"), "ens3 is trusted"],
    [({ firewall }) => firewall.enable = false, "there is no firewall"],
  ];
  for (const [way, why] of ways) deepEqual(judged(undefined, way), [true, why]);
});

Deno.test("proveFirewall() refuses a port that is open beside the range, or on another interface", () => {
  const beside: Change = ({ firewall }) =>
    Object.assign(firewall.open, {
      tcp: [],
      tcpRanges: [{ from: 2000, to: 2221 }, { from: 2223, to: 3000 }],
      udp: [2222],
    });
  for (const change of [closed, beside, openOn("eth9"), trusted("eth9")]) {
    deepEqual(judged(() => {}, change), [false, "port 2222 is not among the open ones"]);
  }
});

Deno.test("proveFirewall() refuses the loss of what let the port in on one interface", () => {
  // Nothing of the owner's own rules changes: there are none.
  for (const before of [openOn("ens3"), trusted("ens3")]) {
    equal(judged(before, closed)[0], false);
    equal(judged(before, openOn("eth9"))[0], false);
    equal(judged(before, before)[0], true);
    // Which interface people come in on is not known, so all of them stay.
    equal(judged(before, closed, AT_THE_CONSOLE)[0], false);
    equal(judged(before, before, AT_THE_CONSOLE)[0], true);
  }
  equal(judged(openOn("ens3", "eth9"), openOn("ens3"), AT_THE_CONSOLE)[0], false);
});

Deno.test("proveFirewall() takes rules of the owner's own at their word while they stay", () => {
  const own = rules("iptables -A nixos-fw -p tcp --dport 2222 -j ACCEPT\n");
  deepEqual(judged(own, own), [true, "what lets it in now stays as it is"]);
  deepEqual(judged(own, own, AT_THE_CONSOLE)[0], true);
  equal(judged(own, closed)[0], false);
  equal(judged(own, rules("iptables -P INPUT DROP\n"))[0], false);
  equal(judged(undefined, own)[0], false, "what runs now is not known");
});

Deno.test("proveFirewall() asks nothing of a session that comes from the machine itself", () => {
  const session = {
    kind: "ssh",
    clientAddress: "127.0.0.1",
    serverAddress: "127.0.0.1",
    serverPort: 2222,
  } as const;
  deepEqual(judged(() => {}, closed, { session }), [true, "it comes from this machine itself"]);
});

Deno.test("proveFirewall() refuses a new rule that may drop the session, also one that only limits it", () => {
  const open = (text: string): Change => ({ firewall }) => firewall.extraCommands = text;
  const limit =
    "iptables -A INPUT -p tcp -m tcp --dport 2222 -m state --state NEW -m recent --update --seconds 60 --hitcount 4 --name SSH -j DROP";
  const [ok, why] = judged(open(""), open(`# a comment\n  ${limit}\n`));
  equal(ok, false);
  match(String(why), /open on every interface, but a rule that is not there now may drop it/);
  match(String(why), /--hitcount 4 --name SSH -j DROP$/);
  equal(judged(undefined, open(limit))[0], false, "what runs now is not known");
  equal(judged(open(limit), open(`${limit}\niptables -A INPUT -i br0 -j ACCEPT`))[0], true);
  const off: Change = ({ firewall }) => Object.assign(firewall, { enable: false });
  equal(judged(off, open(limit))[0], false);
});

Deno.test("proveFirewall() judges nftables' own tables beside the options, and without the firewall", () => {
  const nft = (ownTables: string | undefined, enable = true): Change => ({ firewall }) =>
    Object.assign(firewall, { nftables: true, enable, ownTables });
  const closing =
    "table inet own {\n chain in {\n type filter hook input priority 10; policy drop;\n}\n}";
  for (const enable of [true, false]) {
    const [ok, why] = judged(nft("", enable), nft(closing, enable));
    equal(ok, false);
    match(
      String(why),
      /own tables, a rule that is not there now may drop it: chain in: policy drop/,
    );
    equal(judged(undefined, nft(closing, enable))[0], false, "what runs now is not known");
    equal(judged(nft(closing, enable), nft(closing, enable))[0], true);
    const old: Change = ({ firewall }) =>
      Object.assign(firewall, { nftables: true, enable, rules: closing });
    equal(judged(old, nft(closing, enable))[0], true, "the record of an older tool");
  }
  // Rules that only stood there, while iptables ran.
  const off: Change = ({ firewall }) => Object.assign(firewall, { ownTables: closing });
  equal(judged(off, nft(closing))[0], false);
});

Deno.test("proveFirewall() refuses to make the firewall anew where a rule made by hand lets the session in", () => {
  const byHand = /made by hand while the machine ran/;
  const more: Change = (facts) => {
    closed(facts);
    facts.firewall.open.tcp.push(8080);
  };
  match(String(judged(closed, more)[1]), byHand);
  const [ok, why] = judged(closed, closed);
  deepEqual([ok, why], [true, "what lets it in now stays as it is"], "nothing is made anew");
  deepEqual(judged(closed, (f) => f.firewall.open.tcp = [2222])[0], true);
  // What modules of NixOS add may be what lets it in.
  const ofModules = (change: Change): Change => (facts) => {
    change(facts);
    facts.firewall.rules = "iptables -A nixos-fw -i ens3 -j nixos-fw-accept";
  };
  equal(judged(ofModules(closed), ofModules(more))[0], true);
  const nft = (change: Change): Change => (facts) => {
    change(facts);
    Object.assign(facts.firewall, { nftables: true, ownTables: "" });
  };
  match(String(judged(nft(closed), nft(more))[1]), byHand);
  match(String(judged(closed, nft(closed))[1]), byHand);
  // tailscaled's own chain comes before NixOS's; of nftables every table has to let a packet in.
  const interfaces = [{
    name: "tailscale0",
    kind: "tunnel",
    addresses: [{ address: "203.0.113.42", prefixLength: 32 }],
  }];
  equal(judged(closed, more, { interfaces })[0], true);
  match(String(judged(closed, nft(closed), { interfaces })[1]), byHand);
});

Deno.test("proveFirewall() does not take an address of the loopback interface for one of this machine alone", () => {
  // As routers have it, which announce the address of their own.
  const interfaces = [
    {
      name: "lo",
      addresses: [
        { address: "127.0.0.1", prefixLength: 8 },
        { address: "203.0.113.42", prefixLength: 32 },
      ],
    },
    { name: "ens3", addresses: [{ address: "10.0.0.2", prefixLength: 24 }] },
  ];
  equal(judged(() => {}, closed, { interfaces })[0], false);
  equal(judged(openOn("ens3"), openOn("ens4"), { interfaces })[0], false);
  equal(judged(openOn("ens3"), openOn("ens3"), { interfaces })[0], true);
  const session = {
    kind: "ssh",
    clientAddress: "10.0.0.2",
    serverAddress: "203.0.113.42",
    serverPort: 2222,
  } as const;
  deepEqual(judged(() => {}, closed, { interfaces, session })[0], true, "from itself to itself");
});
