/** What a unit says of leases and routes: systemd.network(5). */
import { deepEqual, equal } from "node:assert/strict";
import {
  assigns,
  bringsRoute,
  clientIdentity,
  isLeft,
  makesOwnAddress,
} from "../../../../lib/rebuild/proofs/network/unit_settings.ts";

Deno.test("assigns() knows the family that is asked for, and systemd's booleans", () => {
  const table: readonly (readonly [network: string, v4: boolean, v6: boolean])[] = [
    ["DHCP=yes", true, true],
    ["DHCP=true", true, true],
    ["DHCP=On", true, true],
    ["DHCP=ipv4", true, true],
    ["DHCP=ipv4\nIPv6AcceptRA=no", true, false],
    ["DHCP=ipv6\nIPv6AcceptRA=no", false, true],
    ["DHCP=no", false, true],
    ["IPv6AcceptRA=0", false, false],
    // The last one counts.
    ["DHCP=no\nDHCP=yes", true, true],
    ["DHCP=yes\nDHCP=no\nIPv6AcceptRA=off", false, false],
  ];
  for (const [network, v4, v6] of table) {
    const text = `[Match]\nName=ens3\n[Network]\n${network}\n`;
    deepEqual([assigns(text, false), assigns(text, true)], [v4, v6], network);
  }
  // In another section the word is another one.
  equal(assigns("[Network]\n[DHCPServer]\nDHCP=yes\n", false), false);
});

Deno.test("bringsRoute() asks for the gateway of a lease, and a table that is asked", () => {
  const table: readonly (readonly [text: string, v4: boolean, v6: boolean])[] = [
    ["", true, true],
    ["[DHCPv4]\nUseRoutes=no", false, true],
    ["[DHCPv4]\nUseGateway=false", false, true],
    ["[DHCPv4]\nUseRoutes=no\nUseGateway=yes", true, true],
    ["[IPv6AcceptRA]\nUseGateway=no", true, false],
    ["[DHCPv6]\nUseGateway=no", true, true],
    ["[DHCP]\nRouteTable=7", false, true],
    ["[IPv6AcceptRA]\nRouteTable=7", true, false],
    ["[IPv6AcceptRA]\nRouteTable=7\n[RoutingPolicyRule]\nTable=7\nFrom=2001:db8::2", true, true],
    ["[DHCPv4]\nRouteTable=main", true, true],
    ["[DHCPv4]\nUseRoutes=maybe", true, true],
  ];
  for (const [text, v4, v6] of table) {
    deepEqual([bringsRoute(text, false), bringsRoute(text, true)], [v4, v6], text);
  }
  equal(bringsRoute("[Network]\nDHCP=yes\nIPv6AcceptRA=no\n", true), false);
});

Deno.test("isLeft() and makesOwnAddress() read the link's part of a unit", () => {
  for (const line of ["Unmanaged=yes", "Unmanaged=1", "ActivationPolicy=always-down"]) {
    equal(isLeft(`[Link]\n${line}\n`), true, line);
  }
  for (const line of ["", "Unmanaged=no", "ActivationPolicy=bound", "ActivationPolicy=always-up"]) {
    equal(isLeft(`[Link]\n${line}\n`), false, line);
  }
  equal(isLeft("[Network]\nUnmanaged=yes\n"), false);
  for (const value of ["no", "ipv4", "false"]) {
    equal(makesOwnAddress(`[Network]\nLinkLocalAddressing=${value}\n`), false, value);
  }
  for (const text of ["", "[Network]\nLinkLocalAddressing=ipv6\n"]) {
    equal(makesOwnAddress(text), true, text);
  }
});

Deno.test("clientIdentity() is what a DHCP server knows the machine by, and nothing else", () => {
  const text = "[Match]\nMACAddress=52:54:00:12:34:56\n[Link]\nMACAddress=02:00:00:00:00:01\n" +
    "[DHCPv4]\nClientIdentifier=duid\nUseDNS=no\n[DHCPv6]\nDUIDType=uuid\nIAID=3\n" +
    "[DHCPServer]\nClientIdentifier=x\n";
  deepEqual(clientIdentity(text).toSorted(), [
    "ClientIdentifier=duid",
    "DUIDType=uuid",
    "IAID=3",
    "MACAddress=02:00:00:00:00:01",
  ]);
});
