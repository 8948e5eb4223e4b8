import type { ConfigurationFacts } from "../../../nix/evaluation/configuration_facts.ts";
import { sameAddress } from "../../../machine/accounts/ssh_patterns.ts";
import type { Device } from "../machine_now.ts";
import type { ProofQuestion } from "../proof_question.ts";
import { isMadeByOptions, ownUnit } from "./address_managers.ts";
import { isOfLink } from "./addresses.ts";
import { configuredAddresses } from "./configured_addresses.ts";
import { cardNow, heirs } from "./heirs.ts";
import { networkUnits } from "./network_units.ts";
import { isFor } from "./unit_match.ts";
import { isLeft, makesOwnAddress } from "./unit_settings.ts";

/** A unit of networkd's, and what it does. */
interface ShuttingUnit {
  readonly name: string;
  readonly why: string;
}

/**
 * A unit of networkd's that takes an address away from the interface that has it, whoever is said to give it:
 * one that has networkd leave the interface alone, one that is taken before what names the address, or a new
 * one of which it is not known whom it is for. What does so now is none. Pure.
 */
export function shuttingUnit(
  question: ProofQuestion,
  address: string,
  device: string,
): ShuttingUnit | undefined {
  const { before, after, now } = question;
  const card = cardNow(now, device);
  const then = before && shuts(before, card, address);
  return heirs(question, device).map((heir) =>
    unsure(question, heir) ?? (then === undefined ? shuts(after, heir, address) : undefined)
  ).find((one) => one !== undefined);
}

function runsNetworkd({ network }: ConfigurationFacts): boolean {
  return network.networkd || network.useNetworkd;
}

function unsure({ before, after }: ProofQuestion, device: Device): ShuttingUnit | undefined {
  if (!runsNetworkd(after)) return undefined;
  const units = networkUnits(after.network);
  const first = units.findIndex((unit) => isFor(unit, device) === "yes");
  const known = before?.network.networkdUnits ?? [];
  const unit = units.slice(0, first === -1 ? undefined : first).find((one) =>
    isFor(one, device) === "maybe" &&
    !known.some(({ name, text }) => name === one.name && text === one.text)
  );
  return unit && {
    name: unit.name,
    why: `it cannot be judged: ${unit.name} is new, and may be for ${device.name}`,
  };
}

function shuts(
  facts: ConfigurationFacts,
  device: Device,
  address: string,
): ShuttingUnit | undefined {
  if (!runsNetworkd(facts)) return undefined;
  const unit = ownUnit(facts, device);
  if (unit !== undefined && isLeft(unit.text)) {
    return { name: unit.name, why: `${unit.name} has networkd leave ${device.name} alone` };
  }
  if (isOfLink(address)) {
    return unit === undefined || makesOwnAddress(unit.text)
      ? undefined
      : { name: unit.name, why: `${unit.name} has ${device.name} make no address of its own` };
  }
  const isMade = isMadeByOptions(facts, device);
  const named = configuredAddresses(facts.network).filter((one) =>
    sameAddress(one.address, address)
  )
    .map(({ place }) => place);
  const here = networkUnits(facts.network)
    .filter((one) => named.includes(one.name) && isFor(one, device) === "yes")
    .map(({ name }) => name);
  const places = [...here, ...(isMade && named.includes(device.name) ? [device.name] : [])];
  const taken = unit?.name ?? (isMade ? device.name : undefined);
  if (taken === undefined || places.length === 0 || places.includes(taken)) return undefined;
  const name = unit?.name ?? `networking.interfaces.${device.name}`;
  return { name, why: `${name} is taken for ${device.name} before what has the address` };
}
