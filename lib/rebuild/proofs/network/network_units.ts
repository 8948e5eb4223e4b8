import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import { inNetwork } from "../../../machine/accounts/ssh_patterns.ts";
import { cardsOf } from "./addresses.ts";
import type { Device } from "../machine_now.ts";
import { isFor } from "./unit_match.ts";
import { isMain, rulesOf } from "./unit_settings.ts";
import { unitSections, unitValues } from "./unit_text.ts";

type Network = ConfigurationFacts["network"];
type Unit = Network["networkdUnits"][number];

/** The owner's units for interfaces, in the order in which networkd looks at them. */
export function networkUnits(network: Network): Unit[] {
  return network.networkdUnits.filter(({ name }) => name.endsWith(".network"))
    .sort((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * The owner's unit that networkd takes for an interface: the first by its name that is for it, or may be where
 * none surely is.
 */
export function unitOf(network: Network, device: Device): Unit | undefined {
  const units = networkUnits(network);
  return units.find((unit) => isFor(unit, device) === "yes") ??
    units.find((unit) => isFor(unit, device) === "maybe");
}

/** What is known of an interface that a configuration makes, before it is there. */
export function madeDevice(network: Network, name: string): Device {
  const has = (all: readonly { readonly name: string }[]) => all.some((one) => one.name === name);
  const ofUnit = network.networkdUnits.find((unit) =>
    unit.name.endsWith(".netdev") && unitValues(unit.text, "Name", "NetDev").includes(name)
  );
  const kind = has(network.bridges)
    ? "bridge"
    : has(network.bonds)
    ? "bond"
    : has(network.vlans)
    ? "vlan"
    : ofUnit && unitValues(ofUnit.text, "Kind", "NetDev")[0];
  return { name, ...(kind ? { traits: { type: kind, kind } } : {}) };
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
    : masterOf(network, madeDevice(network, master), seen);
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
  const ruled = rulesOf(text);
  return unitSections(text).filter(({ name }) => name === "Network" || name === "Route")
    .filter((section) =>
      unitValues(section.text, "Destination").every((destination) => {
        const [network = "", length = network.includes(":") ? "128" : "32"] = destination
          .split("/");
        return client === undefined ? length === "0" : inNetwork(client, network, Number(length));
      })
    ).flatMap((section) => {
      const [table = "main"] = unitValues(section.text, "Table");
      const isUsed = isMain(table) || ruled.includes(table);
      return unitValues(section.text, "Gateway").map((hop) => ({ hop, isUsed }));
    });
}
