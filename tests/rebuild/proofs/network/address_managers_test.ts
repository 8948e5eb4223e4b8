import { equal } from "node:assert/strict";
import { managerOf } from "../../../../lib/rebuild/proofs/network/address_managers.ts";
import { configurationFacts } from "../../../support/facts.ts";
import type { Change } from "../refused.ts";

const CARD = { name: "ens3" };

/** What assigns addresses on ens3. */
function manager(change: Change, v6 = false): string | undefined {
  return managerOf(configurationFacts(change), CARD, v6);
}

function unit(text: string, more: Change = () => {}): Change {
  return (facts) => {
    facts.network.useDHCP = false;
    facts.network.networkd = true;
    facts.network.networkdUnits = [{ name: "10-lan.network", text }];
    more(facts);
  };
}

function says(option: string, value: unknown, more: Change = () => {}): Change {
  return (facts) => {
    facts.plain = [{
      name: option,
      said: [{ option: option.split("."), merges: true, value }],
    }];
    more(facts);
  };
}

Deno.test("managerOf() asks networkd's units which interface they are for, and which family they get", () => {
  const networkd = "systemd-networkd";
  const text = (network: string, match = "Name=ens3") =>
    `[Match]\n${match}\n[Network]\n${network}\n`;
  const table: readonly (readonly [string, v4: string | undefined, v6: string | undefined])[] = [
    [text("DHCP=yes"), networkd, networkd],
    [text("DHCP=ipv4"), networkd, networkd],
    [text("DHCP=ipv4\nIPv6AcceptRA=no"), networkd, undefined],
    [text("DHCP=ipv6"), undefined, networkd],
    [text("DHCP=no\nIPv6AcceptRA=false"), undefined, undefined],
    [text("Address=192.0.2.2/24"), undefined, networkd],
    [text("DHCP=yes", "Name=ens4"), undefined, undefined],
    [text("DHCP=yes", "Name=en*"), networkd, networkd],
  ];
  for (const [one, v4, v6] of table) {
    equal(manager(unit(one)), v4, one);
    equal(manager(unit(one), true), v6, one);
  }
  // The owner's unit goes before the one that NixOS makes for cards that nobody names.
  const all: Change = ({ network }) => network.useDHCP = network.useNetworkd = true;
  equal(manager(unit(text("Address=192.0.2.2/24"), all)), undefined);
  equal(manager(unit(text("Address=192.0.2.2/24", "Name=ens4"), all)), networkd);
});

Deno.test("managerOf() hears who is told to leave an interface alone", () => {
  const dhcpcd = "dhcpcd";
  const nm = "NetworkManager";
  const withNm: Change = ({ network }) => network.networkManager = true;
  const table: readonly (readonly [Change, string | undefined])[] = [
    [() => {}, dhcpcd],
    [says("networking.dhcpcd.enable", false), undefined],
    [says("networking.dhcpcd.denyInterfaces", ["ens*"]), undefined],
    [says("networking.dhcpcd.denyInterfaces", ["veth*"]), dhcpcd],
    [says("networking.dhcpcd.allowInterfaces", ["eth0"]), undefined],
    [says("networking.dhcpcd.allowInterfaces", ["eth0", "en*"]), dhcpcd],
    [withNm, nm],
    [says("networking.networkmanager.unmanaged", ["ens3"], withNm), undefined],
    [says("networking.networkmanager.unmanaged", ["interface-name:en*"], withNm), undefined],
    [says("networking.networkmanager.unmanaged", ["*", "except:interface-name:ens3"], withNm), nm],
    [says("networking.networkmanager.unmanaged", ["interface-name:virbr*"], withNm), nm],
    [says("networking.networkmanager.unmanaged", ["mac:52:54:00:12:34:57"], withNm), nm],
  ];
  for (const [index, [change, expected]] of table.entries()) {
    equal(manager(change), expected, `row ${index}`);
  }
});
