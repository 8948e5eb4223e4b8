import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import { inNetwork, wildcard } from "../../../machine/accounts/ssh_patterns.ts";
import { cardsOf } from "./addresses.ts";
import type { Device } from "../machine_now.ts";

type Network = ConfigurationFacts["network"];
type Unit = Network["networkdUnits"][number];
/** A section of a unit file, its name without brackets. */
export interface Section {
  readonly name: string;
  readonly text: string;
}

/** The sections of a unit file, in their order; one name may come several times. */
export function unitSections(text: string): Section[] {
  return text.split(/^(?=\s*\[)/m).flatMap((part) => {
    const name = /^\s*\[([^\]]*)\]/.exec(part)?.[1];
    return name === undefined ? [] : [{ name, text: part }];
  });
}

/**
 * Values of a key in unit files, comments and quotes not considered (systemd.network(5)).
 * @param sections only those of these names; all without them
 */
export function unitValues(text: string, key: string, ...sections: readonly string[]): string[] {
  const parts = sections.length === 0 ? [text] : unitSections(text)
    .filter(({ name }) => sections.includes(name)).map((section) => section.text);
  return parts.flatMap((part) => part.split("\n")).flatMap((line) => {
    const [name, value] = [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)];
    return name.trim() === key ? value.trim().split(/\s+/) : [];
  });
}

/** Addresses that a unit gives to what it is for: not those of neighbours, nor those that it leases. */
export function unitAddresses(text: string): string[] {
  return unitValues(text, "Address", "Network", "Address");
}

/**
 * Whether a unit is for an interface, by name and hardware address. What it asks for beside them (a kind, a
 * driver, a place) is not known here: it is taken at its word. A list of names that begins with `!` is of
 * those that it is not for.
 */
export function isFor({ text }: Unit, { name, mac }: Device): boolean {
  const names = unitValues(text, "Name", "Match");
  const isNot = names[0]?.startsWith("!") ?? false;
  const patterns = isNot ? [names[0]!.slice(1), ...names.slice(1)] : names;
  const named = patterns.some((pattern) => wildcard(pattern, name)) !== isNot;
  if (names.length > 0 && !named) return false;
  const macs = unitValues(text, "MACAddress", "Match").map(plainMac);
  return macs.length === 0 || mac === undefined || macs.includes(plainMac(mac));
}

/** The spellings of networkd: with colons, with hyphens, or in groups of four with dots. */
function plainMac(text: string): string {
  return text.toLowerCase().replace(/[^0-9a-f]/g, "");
}

/**
 * The owner's unit that networkd takes for an interface: the first by its name that is for it. One that
 * names interfaces goes before one of which it is not known.
 */
export function unitOf(network: Network, device: Device): Unit | undefined {
  const units = network.networkdUnits.filter(({ name }) => name.endsWith(".network"))
    .sort((a, b) => a.name < b.name ? -1 : 1).filter((unit) => isFor(unit, device));
  const named = units.find(({ text }) =>
    ["Name", "MACAddress"].some((key) => unitValues(text, key, "Match").length > 0)
  );
  return named ?? units[0];
}

/** The bridge or bond that an interface is in, in the end; itself where it is in none. Pure. */
export function masterOf(network: Network, device: Device, below: readonly string[] = []): string {
  const { name } = device;
  const unit = unitOf(network, device);
  const master = [...network.bridges, ...network.bonds]
    .find(({ interfaces }) => interfaces.includes(name))?.name ??
    (unit && masters(unit)[0]);
  const seen = [...below, name];
  return master === undefined || seen.includes(master)
    ? name
    : masterOf(network, { name: master }, seen);
}

/** What a bridge or bond has in it, or a VLAN is on: names, or patterns of units. Pure. */
export function enslavedTo(network: Network, name: string): string[] {
  return [
    ...cardsOf(network, name).filter((card) => card !== name),
    ...network.networkdUnits.filter((unit) => masters(unit).includes(name))
      .flatMap((unit) => unitValues(unit.text, "Name", "Match")),
  ];
}

function masters({ text }: Unit): string[] {
  return ["Bridge", "Bond"].flatMap((key) => unitValues(text, key, "Network"));
}

/** A next hop that a unit file names. */
export interface UnitHop {
  readonly hop: string;
  /** Whether answers are sent there: by the main route table, or one that a rule of the unit leads to. */
  readonly isUsed: boolean;
}

/**
 * Next hops that a unit file names (systemd.network(5), "Gateway=").
 * @param client only those on the way to this address; of the default route when it is not given
 */
export function unitHops(text: string, client?: string): UnitHop[] {
  const ruled = unitValues(text, "Table", "RoutingPolicyRule");
  return unitSections(text).filter(({ name }) => name === "Network" || name === "Route")
    .filter((section) =>
      unitValues(section.text, "Destination").every((destination) => {
        const [network = "", length = network.includes(":") ? "128" : "32"] = destination
          .split("/");
        return client === undefined ? length === "0" : inNetwork(client, network, Number(length));
      })
    ).flatMap((section) => {
      const [table = "main"] = unitValues(section.text, "Table");
      const isUsed = /^(main|254)$/.test(table) || ruled.includes(table);
      return unitValues(section.text, "Gateway").map((hop) => ({ hop, isUsed }));
    });
}
