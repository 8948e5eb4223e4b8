/** Who gives which card a name: udev(7) rules and systemd.link(5) files. */
import { deepEqual } from "node:assert/strict";
import type { Device } from "../../../../lib/rebuild/proofs/machine_now.ts";
import { namings } from "../../../../lib/rebuild/proofs/network/interface_naming.ts";
import { configurationFacts } from "../../../support/facts.ts";

const CARD: Device = {
  name: "ens3",
  mac: "52:54:00:12:34:56",
  traits: { type: "ether", kind: null, properties: { ID_NET_DRIVER: "virtio_net" } },
};

/** The names that rules give, and whether each may be about the card. */
function byRules(text: string, card = CARD) {
  const option = ["services", "udev", "extraRules"];
  const facts = configurationFacts((one) =>
    one.plain = [{ name: option.join("."), said: [{ option, merges: true, value: text }] }]
  );
  return namings(facts).map(({ name, concerns }) => [name, concerns(card)]);
}

function byLinks(text: string, card = CARD) {
  const facts = configurationFacts(({ network }) =>
    network.networkdUnits = [{ name: "10-a.link", text }, { name: "10-a.network", text }]
  );
  return namings(facts).map(({ name, concerns }) => [name, concerns(card)]);
}

Deno.test("namings() reads udev rules that name network cards, and no others", () => {
  const net = 'SUBSYSTEM=="net", ACTION=="add"';
  const table: readonly (readonly [rule: string, named: unknown[]])[] = [
    [`${net}, ATTR{address}=="52:54:00:12:34:56", NAME="lan0"`, [["lan0", true]]],
    [`${net}, ATTR{address}=="52:54:00:65:43:21", NAME="lan0"`, [["lan0", false]]],
    [`${net}, ATTR{address}=="52:54:00:*", NAME:="lan0"`, [["lan0", true]]],
    [`${net}, KERNEL=="eth*", NAME="lan0"`, [["lan0", true]]],
    [`${net}, KERNEL=="wlp*|wwan*", NAME="lan0"`, [["lan0", false]]],
    [`${net}, KERNEL=="ens[0-9]", NAME="lan0"`, [["lan0", true]]],
    // What else it asks for is not known.
    [`${net}, KERNELS=="0000:00:03.0", NAME="lan0"`, [["lan0", true]]],
    [`${net}, ATTR{address}=="52:54:00:12:34:56", \\\n  NAME="lan0"`, [["lan0", true]]],
    [`# ${net}, NAME="lan0"`, []],
    [`${net}, RUN+="/bin/x"`, []],
    [`${net}, NAME=="lan0", RUN+="/bin/x"`, []],
    ['SUBSYSTEM=="tty", NAME="lan0"', []],
    ['KERNEL=="sda", SYMLINK+="disk"', []],
    [`${net}, NAME="first", NAME="last"`, [["last", true]]],
  ];
  for (const [rule, named] of table) deepEqual(byRules(rule), named, rule);
  // Of a card without a known address any rule may be.
  deepEqual(byRules(`${net}, ATTR{address}=="x", NAME="lan0"`, { name: "ens3" }), [["lan0", true]]);
});

Deno.test("namings() reads .link files, and for which cards each is", () => {
  const link = (match: string, rest = "Name=lan0") => `[Match]\n${match}\n[Link]\n${rest}\n`;
  const table: readonly (readonly [text: string, named: unknown[]])[] = [
    [link("MACAddress=52:54:00:12:34:56"), [["lan0", true]]],
    [link("MACAddress=52:54:00:65:43:21"), [["lan0", false]]],
    [link("OriginalName=eth*"), [["lan0", true]]],
    [link("OriginalName=ib*"), [["lan0", false]]],
    [link("OriginalName=*"), [["lan0", true]]],
    [link("Type=wlan"), [["lan0", false]]],
    [link("Type=ether"), [["lan0", true]]],
    [link("Driver=r8169"), [["lan0", false]]],
    [link("Driver=virtio_net"), [["lan0", true]]],
    [link("Path=pci-0000:00:03.0"), [["lan0", false]]],
    // A file that asks for nothing is left out.
    ["[Link]\nName=lan0\n", [["lan0", false]]],
    // It is the first that fits, and leaves the kernel's name.
    [link("OriginalName=*", "MTUBytes=9000"), [[undefined, true]]],
    [link("OriginalName=*", "NamePolicy=mac"), [[undefined, true]]],
    [
      link("OriginalName=*", "NamePolicy=keep kernel database onboard slot path\nWakeOnLan=magic"),
      [],
    ],
  ];
  for (const [text, named] of table) deepEqual(byLinks(text), named, text);
});
