import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import { wildcard } from "../../../machine/accounts/ssh_patterns.ts";
import type { Device } from "../machine_now.ts";
import { unitOf } from "./network_units.ts";
import { isFor } from "./unit_match.ts";
import { assigns, bringsRoute, clientIdentity, isLeft } from "./unit_settings.ts";

type Unit = ConfigurationFacts["network"]["networkdUnits"][number];

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
  const own = runs && device !== undefined ? ownUnit(facts, device) : undefined;
  if (own !== undefined) return !isLeft(own.text) && assigns(own.text, v6) ? NETWORKD : undefined;
  const declared = network.interfaces.find(({ name }) => name === device?.name)?.useDHCP;
  const anyDeclared = device === undefined && network.interfaces.some(({ useDHCP }) => useDHCP);
  const dhcp = (declared ?? network.useDHCP) || anyDeclared;
  const anyUnit = device === undefined &&
    network.networkdUnits.some(({ text }) => assigns(text, false));
  if (network.useNetworkd && dhcp || runs && anyUnit) return NETWORKD;
  const isAsked = device === undefined || !isDenied(facts, device.name) &&
      !dhcpcdLines(facts, device.name).some((line) => (v6 ? NO_IPV6 : NO_IPV4).test(line));
  return dhcp && isAsked ? DHCPCD : undefined;
}

/** dhcpcd.conf(5): words without which a family gets no address. */
const NO_IPV4 = /^(noipv4|nodhcp)$/;
const NO_IPV6 = /^(noipv6|noipv6rs)$/;

/**
 * The owner's unit for an interface, unless the one that NixOS makes of `networking.interfaces` goes before it
 * (network-interfaces-systemd.nix).
 */
export function ownUnit(facts: ConfigurationFacts, device: Device): Unit | undefined {
  const own = unitOf(facts.network, device);
  const isBehind = own !== undefined && own.name > `40-${device.name}.network`;
  return isBehind && isMadeByOptions(facts, device) ? undefined : own;
}

/** Whether NixOS makes a unit of networkd's of what `networking.interfaces` says of an interface. */
export function isMadeByOptions({ network }: ConfigurationFacts, device: Device): boolean {
  return network.useNetworkd && network.interfaces.some(({ name }) => name === device.name);
}

/** Whether a default route comes with the addresses that are assigned on an interface. Pure. */
export function comesWithRoute(facts: ConfigurationFacts, device: Device, v6: boolean): boolean {
  const manager = managerOf(facts, device, v6);
  const unit = manager === NETWORKD ? ownUnit(facts, device) : undefined;
  if (manager === DHCPCD) return !dhcpcdLines(facts, device.name).includes("nogateway");
  return unit === undefined || bringsRoute(unit.text, v6);
}

/** What a DHCP server knows an interface by, as far as the configuration says it. Pure. */
export function knownBy(facts: ConfigurationFacts, device: Device): string[] {
  const { network } = facts;
  const unit = ownUnit(facts, device);
  const mac = network.interfaces.find(({ name }) => name === device.name)?.macAddress;
  const links = network.networkdUnits.filter((one) =>
    one.name.endsWith(".link") && isFor(one, device) !== "no"
  );
  return [
    ...(mac ? [`macAddress = "${mac}"`] : []),
    ...[...(unit === undefined ? [] : [unit]), ...links].flatMap(({ text }) =>
      clientIdentity(text)
    ),
    ...dhcpcdLines(facts, device.name).filter((line) => /^(clientid|duid|iaid)\b/.test(line)),
  ];
}

/** What `networking.dhcpcd.extraConfig` says of an interface: before its blocks, and in those of its name. */
function dhcpcdLines(facts: ConfigurationFacts, device: string): string[] {
  let isAbout = true;
  return String(definitionsOf(facts, "networking.dhcpcd.extraConfig").at(-1) ?? "").split("\n")
    .map((line) => line.trim()).filter((line) => {
      const [, block, name] = /^(interface|ssid|profile)\s+(\S+)/.exec(line) ?? [];
      if (block !== undefined) isAbout = block === "interface" && wildcard(name!, device);
      return isAbout;
    });
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
