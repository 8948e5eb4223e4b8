import { deepEqual, equal, match } from "node:assert/strict";
import { proveInterfaceNames } from "../../../lib/rebuild/proofs/proof_interface_names.ts";
import { question, rentedServerFacts, rentedServerNow } from "../../support/facts.ts";

const RULE = 'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="52:54:00:12:34:56", NAME="lan0"';

function judged(
  before: string,
  after: string,
  predictable: [boolean | null, boolean | null] = [null, null],
) {
  const facts = (rules: string, usePredictable: boolean | null) =>
    rentedServerFacts((facts) => {
      const said = [{ value: rules, priority: 100 }] as never;
      facts.plain = [{ name: "services.udev.extraRules", said }];
      facts.network.usePredictableInterfaceNames = usePredictable;
    });
  return proveInterfaceNames(
    question(facts(before, predictable[0]), facts(after, predictable[1])),
  ).map(({ why }) => why);
}

Deno.test("proveInterfaceNames() keeps the rules that name interfaces, whatever stands around them", () => {
  deepEqual(judged(RULE, `# mine\n  ${RULE}\nKERNEL=="sda", MODE="0600"\n`), []);
  deepEqual(judged(RULE, ""), [`a rule that names one would be gone: ${RULE}`]);
  deepEqual(judged(RULE, `# ${RULE}`), [`a rule that names one would be gone: ${RULE}`]);
  deepEqual(judged(RULE, RULE.replace("lan0", "lan1")), [
    `a rule that names one would be gone: ${RULE}`,
  ]);
  // Rules that name nothing are of no matter here.
  deepEqual(judged('SUBSYSTEM=="net", RUN+="/bin/x"', ""), []);
  deepEqual(judged(`#${RULE}`, ""), []);
});

Deno.test("proveInterfaceNames() refuses another way of naming; NixOS's own is the predictable one", () => {
  const changed = ["the way they are named changes, and addresses belong to names"];
  deepEqual(judged("", "", [true, false]), changed);
  deepEqual(judged("", "", [null, false]), changed);
  deepEqual(judged("", "", [null, true]), []);
  deepEqual(proveInterfaceNames(question(undefined, rentedServerFacts())), []);
});

const MAC = "52:54:00:12:34:56";
const OTHER = "52:54:00:65:43:21";
const GONE = "a rule that names one would be gone: ";
const CARD = rentedServerNow({
  interfaces: [{
    name: "ens3",
    mac: MAC,
    addresses: [{ address: "203.0.113.42", prefixLength: 24 }],
  }],
});

/** What is said of new rules of udev. */
function ofRule(rule: string, now = CARD) {
  const facts = (value: string) =>
    rentedServerFacts((facts) =>
      facts.plain = [{ name: "services.udev.extraRules", said: [{ value }] as never }]
    );
  return proveInterfaceNames(question(facts(""), facts(rule), now)).map(({ why }) => why)[0];
}

/** What is said of .link files, each with the name 10-own.link. */
function ofLinks(before: string | undefined, after: string | undefined) {
  const facts = (text: string | undefined) =>
    rentedServerFacts((facts) => {
      if (text !== undefined) facts.network.networkdUnits.push({ name: "10-own.link", text });
    });
  return proveInterfaceNames(question(facts(before), facts(after), CARD)).map(({ why }) => why)[0];
}

Deno.test("proveInterfaceNames() refuses a new rule of udev that may rename the session's card", () => {
  const renames = /^ens3 may get another: .* is not there now$/;
  for (
    const rule of [
      `SUBSYSTEM=="net", ATTR{address}=="${MAC}", NAME="lan0"`,
      `SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="52:54:00:*", NAME:="lan0"`,
      `SUBSYSTEM=="net", KERNEL=="eth*", NAME="lan0"`,
      `KERNEL=="eth0|eth1", NAME="lan0"`,
      `SUBSYSTEM=="net", \\\n  DRIVERS=="?*", NAME="lan0"`,
      `SUBSYSTEM=="net", NAME="$env{ID_NET_NAME_PATH}"`,
    ]
  ) match(ofRule(rule) ?? "", renames, rule);
  for (
    const rule of [
      `SUBSYSTEM=="net", ATTR{address}=="${OTHER}", NAME="lan0"`,
      `SUBSYSTEM=="net", ATTR{address}=="${MAC}", NAME="ens3"`,
      `SUBSYSTEM=="net", KERNEL=="wwan*", NAME="mobile"`,
      `SUBSYSTEM=="block", KERNEL=="sd*", NAME="lan0"`,
      `SUBSYSTEM=="net", ATTR{address}=="${MAC}", RUN+="/bin/x"`,
      `# SUBSYSTEM=="net", NAME="lan0"`,
    ]
  ) equal(ofRule(rule), undefined, rule);
  match(
    ofRule(`SUBSYSTEM=="net", ATTR{address}=="${OTHER}", NAME="ens3"`) ?? "",
    /^another card would get the name ens3: /,
  );
  // Nobody knows which card it is.
  match(
    ofRule(`SUBSYSTEM=="net", ATTR{address}=="${OTHER}", NAME="lan0"`, rentedServerNow()) ?? "",
    renames,
  );
});

Deno.test("proveInterfaceNames() refuses a new .link file that may rename the session's card", () => {
  const byMac = (mac: string, link: string) => `[Match]\nMACAddress=${mac}\n\n[Link]\n${link}\n`;
  const DEFAULT = "NamePolicy=keep kernel database onboard slot path";
  for (
    const text of [
      byMac(MAC, "Name=lan0"),
      byMac(MAC.toUpperCase().replaceAll(":", "-"), "Name=lan0"),
      "[Match]\nOriginalName=eth*\n[Link]\nName=lan0",
      "[Match]\nDriver=virtio_net\n[Link]\nNamePolicy=mac",
      // The kernel's name stays: the file takes the place of systemd's own.
      byMac(MAC, "MTUBytes=9000"),
    ]
  ) equal(ofLinks(undefined, text), "ens3 may get another: 10-own.link is not there now", text);
  for (
    const text of [
      byMac(OTHER, "Name=lan0"),
      byMac(MAC, "Name=ens3"),
      byMac(MAC, `${DEFAULT}\nMACAddressPolicy=none`),
      "[Match]\nOriginalName=wwan*\n[Link]\nName=mobile",
    ]
  ) equal(ofLinks(undefined, text), undefined, text);
  const named = byMac(MAC, "Name=ens3");
  equal(ofLinks(named, named), undefined);
  equal(ofLinks(named, undefined), `${GONE}10-own.link`);
  equal(ofLinks(named, `${named}MTUBytes=1400\n`), undefined);
  // What runs already is taken at its word.
  const loose = "[Match]\nOriginalName=*\n[Link]\nName=ens3";
  equal(ofLinks(loose, loose), undefined);
  equal(ofLinks(byMac(OTHER, "Name=lan0"), undefined), undefined);
});

Deno.test("proveInterfaceNames() looks at the cards below a bridge, and at the kernel's parameter", () => {
  const bridged = (rule: string) =>
    rentedServerFacts((facts) => {
      facts.network.bridges.push({ name: "br0", interfaces: ["ens3"], rstp: false });
      facts.plain = [{ name: "services.udev.extraRules", said: [{ value: rule }] as never }];
    });
  const now = rentedServerNow({
    interfaces: [
      { name: "br0", kind: "virtual", addresses: CARD.interfaces[0]!.addresses },
      { name: "ens9", mac: OTHER, addresses: [] },
    ],
  });
  const why = (rule: string) =>
    proveInterfaceNames(question(bridged(""), bridged(rule), now)).map(({ why }) => why)[0] ?? "";
  match(why(`SUBSYSTEM=="net", ATTR{address}=="${MAC}", NAME="lan0"`), /^ens3 may get another/);
  equal(why('SUBSYSTEM=="net", KERNEL=="ens9", NAME="lan0"'), "");
  const parameter = rentedServerFacts((facts) => facts.boot.kernelParams.push("net.ifnames=0"));
  match(
    proveInterfaceNames(question(rentedServerFacts(), parameter))[0]?.why ?? "",
    /the way they are named changes/,
  );
});
