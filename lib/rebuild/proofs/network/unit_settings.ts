import { unitValues } from "./unit_text.ts";

/** systemd.syntax(7), "boolean". */
const NO = /^(no|n|false|f|off|0)$/i;

/** Whether networkd gets addresses of a family by a unit; router advertisements are taken unless it says no. */
export function assigns(text: string, v6: boolean): boolean {
  const dhcp = last(text, "DHCP", "Network") ?? "no";
  if (/^(yes|y|true|t|on|1|both)$/i.test(dhcp)) return true;
  return v6 ? /^(ip)?v6$/.test(dhcp) || takesAdvertisements(text) : /^(ip)?v4$/.test(dhcp);
}

/**
 * Whether the default route of a family comes with the addresses that a unit asks for, into a table that is
 * asked (`UseGateway=`, `UseRoutes=`, `RouteTable=`). DHCP of IPv6 has none: routers advertise themselves.
 */
export function bringsRoute(text: string, v6: boolean): boolean {
  const sections = v6 ? ["IPv6AcceptRA"] : ["DHCPv4", "DHCP"];
  const uses = last(text, "UseGateway", ...sections) ??
    (v6 ? "yes" : last(text, "UseRoutes", ...sections) ?? "yes");
  const table = last(text, "RouteTable", ...sections) ?? "main";
  const isAsked = isMain(table) || rulesOf(text).includes(table);
  return !NO.test(uses) && isAsked && (!v6 || takesAdvertisements(text));
}

/** Whether a unit has networkd leave its interface alone, or down. */
export function isLeft(text: string): boolean {
  const [unmanaged = "no", policy = "up"] = ["Unmanaged", "ActivationPolicy"]
    .map((key) => last(text, key, "Link"));
  return !NO.test(unmanaged) || /^(manual|down|always-down)$/.test(policy);
}

/** Whether the interface makes an address of its own link. */
export function makesOwnAddress(text: string): boolean {
  return !/^(ipv4|no|n|false|f|off|0)$/i.test(last(text, "LinkLocalAddressing", "Network") ?? "");
}

/** What a DHCP server knows the machine by, as a unit says it: another one gets another address. */
export function clientIdentity(text: string): string[] {
  const keys = ["ClientIdentifier", "IAID", "DUIDType", "DUIDRawData"];
  return [
    ...keys.flatMap((key) => unitValues(text, key, "DHCPv4", "DHCP", "DHCPv6").map(said(key))),
    ...unitValues(text, "MACAddress", "Link").map(said("MACAddress")),
  ];
}

/** Whether a table of routes is the one that is always asked. */
export function isMain(table: string): boolean {
  return /^(main|254)$/.test(table);
}

/** The tables that rules of a unit lead to. */
export function rulesOf(text: string): string[] {
  return unitValues(text, "Table", "RoutingPolicyRule");
}

function takesAdvertisements(text: string): boolean {
  return !NO.test(last(text, "IPv6AcceptRA", "Network") ?? "yes");
}

/** Of what is said several times the last counts. */
function last(text: string, key: string, ...sections: readonly string[]): string | undefined {
  return unitValues(text, key, ...sections).findLast((value) => value !== "");
}

function said(key: string): (value: string) => string {
  return (value) => `${key}=${value}`;
}
