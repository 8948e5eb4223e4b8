import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import { isAddress, sameAddress } from "../../../machine/accounts/ssh_patterns.ts";
import { unitAddresses } from "./unit_text.ts";

type Network = ConfigurationFacts["network"];

/** An address that a configuration names itself, and where it does. */
export interface ConfiguredAddress {
  readonly address: string;
  /** The interface, or the file name of networkd's unit; {@link ANY} where NetworkManager chooses one. */
  readonly place: string;
  /** The address, and whose it is where that is not an interface. */
  readonly words: string;
  /** What says it again. */
  readonly remedy: string;
}

/** The place of a profile that names no interface: NetworkManager finds one that fits. */
export const ANY = "*";

/**
 * All addresses that a configuration names: of interfaces, of WireGuard's, of NetworkManager's
 * profiles, of networkd's units.
 */
export function configuredAddresses(network: Network): ConfiguredAddress[] {
  const profiles = network.networkManager ? network.networkProfiles ?? [] : [];
  return [
    ...network.interfaces.flatMap(({ name, ipv4, ipv6 }) =>
      [...ipv4, ...ipv6].map(({ address, prefixLength }) => ({
        address,
        place: name,
        words: address,
        remedy: interfaceAddress(name, address, prefixLength),
      }))
    ),
    ...(network.tunnels ?? []).flatMap(({ name, addresses }) =>
      addresses.map((value) => value.split("/")[0]!).map((address) => ({
        address,
        place: name,
        words: `${address} of WireGuard's ${name}`,
        remedy: `networking.wireguard.interfaces.${name}.ips, as in your present configuration`,
      }))
    ),
    ...profiles.flatMap((profile) =>
      profile.addresses.map((address) => ({
        address,
        place: profile.interface ?? ANY,
        words: `${address} of NetworkManager's profile ${profile.name}`,
        remedy:
          "environment.etc or networking.networkmanager.ensureProfiles, as in your present configuration",
      }))
    ),
    ...network.networkdUnits.flatMap(({ name, text }) =>
      unitAddresses(text).map((value) => value.split("/")[0]!).filter(isAddress)
        .map((address) => ({
          address,
          place: name,
          words: `${address} of networkd's unit ${name}`,
          remedy: "systemd.network.networks, as in your present configuration",
        }))
    ),
  ];
}

/** Where a configuration names an address; undefined where it does not. */
export function configuredAddress(
  network: Network,
  address: string,
): ConfiguredAddress | undefined {
  return configuredAddresses(network).find((own) => sameAddress(own.address, address));
}

/** The option that gives an interface an address. */
export function interfaceAddress(name: string, address: string, prefix: number | string): string {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  return `networking.interfaces.${name}.${family}.addresses = ` +
    `[ { address = "${address}"; prefixLength = ${prefix}; } ];`;
}
