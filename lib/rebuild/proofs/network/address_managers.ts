import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import { wildcard } from "../../../machine/accounts/ssh_patterns.ts";
import type { Device } from "../machine_now.ts";
import { unitOf, unitValues } from "./network_units.ts";

const NETWORKMANAGER = "NetworkManager";
const CLOUD_INIT = "cloud-init";
const NETWORKD = "systemd-networkd";
const DHCPCD = "dhcpcd";

/** The option that brings each back. */
export const MANAGER_OPTION: Readonly<Record<string, string>> = {
  [NETWORKMANAGER]: "networking.networkmanager.enable = true;",
  [CLOUD_INIT]: "services.cloud-init.network.enable = true;",
  [NETWORKD]: "networking.useNetworkd = true;",
  [DHCPCD]: "networking.useDHCP = true;",
};

/**
 * What assigns dynamic addresses on an interface (on any one, when it is not known); undefined for nothing,
 * and where it is told to leave this one alone. Pure.
 * @param v6 the family of the address
 */
export function managerOf(
  facts: ConfigurationFacts,
  device: Device | undefined,
  v6 = false,
): string | undefined {
  const { network } = facts;
  if (network.networkManager) {
    return device && isUnmanaged(facts, device.name) ? undefined : NETWORKMANAGER;
  }
  if (network.cloudInitNetwork) return CLOUD_INIT;
  const runs = network.networkd || network.useNetworkd;
  const own = device === undefined ? undefined : unitOf(network, device);
  if (runs && own !== undefined) return assigns(own.text, v6) ? NETWORKD : undefined;
  const declared = network.interfaces.find(({ name }) => name === device?.name)?.useDHCP;
  const anyDeclared = device === undefined && network.interfaces.some(({ useDHCP }) => useDHCP);
  const dhcp = (declared ?? network.useDHCP) || anyDeclared;
  const anyUnit = device === undefined &&
    network.networkdUnits.some(({ text }) => assigns(text, false));
  if (network.useNetworkd && dhcp || runs && anyUnit) return NETWORKD;
  return dhcp && (device === undefined || !isDenied(facts, device.name)) ? DHCPCD : undefined;
}

/** Whether networkd gets addresses of a family by a unit; router advertisements are taken unless it says no. */
function assigns(text: string, v6: boolean): boolean {
  const [dhcp = "no"] = unitValues(text, "DHCP", "Network");
  if (/^(yes|true|1|on|both)$/.test(dhcp)) return true;
  if (!v6) return /^(ip)?v4$/.test(dhcp);
  const [accepts = "yes"] = unitValues(text, "IPv6AcceptRA", "Network");
  return /^(ip)?v6$/.test(dhcp) || !/^(no|false|0|off)$/.test(accepts);
}

/** NetworkManager.conf(5), "Device List Format", as far as it is about names. */
function isUnmanaged(facts: ConfigurationFacts, device: string): boolean {
  const names = listed(facts, "networking.networkmanager.unmanaged");
  const covers = (pattern: string) =>
    wildcard(pattern.replace(/^(interface-name:=?|except:(interface-name:=?)?)/, ""), device);
  return names.some((one) => !one.startsWith("except:") && covers(one)) &&
    !names.some((one) => one.startsWith("except:") && covers(one));
}

/** dhcpcd.conf(5), "denyinterfaces" and "allowinterfaces". */
function isDenied(facts: ConfigurationFacts, device: string): boolean {
  if (definitionsOf(facts, "networking.dhcpcd.enable").at(-1) === false) return true;
  const allowed = listed(facts, "networking.dhcpcd.allowInterfaces");
  return listed(facts, "networking.dhcpcd.denyInterfaces").some((one) => wildcard(one, device)) ||
    allowed.length > 0 && !allowed.some((one) => wildcard(one, device));
}

function listed(facts: ConfigurationFacts, option: string): string[] {
  return definitionsOf(facts, option).flat().filter((one) => typeof one === "string");
}

/** What the owner says of an option. */
export function definitionsOf({ plain = [] }: ConfigurationFacts, option: string): unknown[] {
  return plain.filter(({ name }) => name === option)
    .flatMap((one) => one.said.map(({ value }) => value));
}
