import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import {
  definitionsOf,
  knownBy,
  MANAGER_OPTION,
  managerOf,
  ownUnit,
} from "./network/address_managers.ts";
import {
  cardsOf,
  interfaceOf,
  isLoopback,
  isOfLink,
  isTunnel,
  prefixOf,
} from "./network/addresses.ts";
import {
  ANY,
  configuredAddress,
  configuredAddresses,
  interfaceAddress,
} from "./network/configured_addresses.ts";
import { cardNow, heirs } from "./network/heirs.ts";
import { masterOf } from "./network/network_units.ts";
import { shuttingUnit } from "./network/shutting_unit.ts";
import { tunnelOf } from "./network/tunnels.ts";
import { unitValues } from "./network/unit_text.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** Whether the address that the session uses is still this machine's; without one, every address. */
export function proveAddress(question: ProofQuestion): Verdict[] {
  // Behind a session from this machine itself (a tunnel) may be any address.
  const { address } = question;
  if (address === undefined || isLoopback(address)) return provenAll(question);
  const one = provenOne(question, address);
  // What a tunnel goes through may be any address, too.
  return isTunnel(question) ? [one, ...provenAll(question)] : [one];
}

function provenOne(question: ProofQuestion, address: string): Verdict {
  const { before, after, now } = question;
  const plain = address.replace(/%.*$/, "");
  const what = `this machine keeps the address ${plain}`;
  const device = interfaceOf(now, address);
  const v6 = plain.includes(":");
  if (v6 && [before, after].map(hasIpv6).join() === "true,false") {
    return fails("address", what, "IPv6 would be off", "networking.enableIPv6 = true;");
  }
  const own = device === undefined ? [] : heirs(question, device);
  const unit = device === undefined ? undefined : shuttingUnit(question, plain, device);
  if (unit !== undefined) {
    return fails(
      "address",
      what,
      unit.why,
      `${unit.name} for other interfaces alone, or as in your present configuration`,
    );
  }
  if (isOfLink(plain)) return holds("address", what, "every interface makes its own");
  const place = configuredAddress(after.network, plain)?.place;
  if (place !== undefined && carries(question, place, device)) {
    return holds("address", what, "it is configured");
  }
  const option = (name: string) => interfaceAddress(name, plain, prefixOf(now, plain) ?? "…");
  const remedy = option(device ?? "<interface>");
  if (place !== undefined) {
    const master = device === undefined ? place : masterOf(after.network, cardNow(now, device));
    const why = place !== device
      ? `it would be on ${place}, not on ${device}`
      : master === device
      ? `it would be on ${device}, which has no card of now in it`
      : `it would be on ${device}, which is part of ${master}: nothing answers there`;
    return fails("address", what, why, option(master));
  }
  if (before !== undefined && isStatic(before.network, plain)) {
    return fails("address", what, "it was configured, and no longer is", remedy);
  }
  if (isTunnel(question)) return holds("address", what, `what makes ${device} gives it`);
  const managers = (device === undefined ? [undefined] : own)
    .map((heir) => managerOf(after, heir, v6));
  const manager = managers.find((one) => one !== undefined);
  if (manager === undefined) return fails("address", what, "nothing assigns it", remedy);
  const card = device === undefined ? undefined : cardNow(now, device);
  const managerNow = before === undefined ? now.leaseHolder : managerOf(before, card, v6);
  if (managerNow === undefined && before === undefined) {
    return fails("address", what, "it cannot be judged: how it was assigned is not known", remedy);
  }
  if (!managers.includes(managerNow)) {
    return fails(
      "address",
      what,
      `${manager} would ask for one, instead of ${
        managerNow ?? "what does now"
      }: it may get another`,
      MANAGER_OPTION[managerNow ?? ""] ?? remedy,
    );
  }
  const heir = own.find(({ name }) => name === device);
  if (before !== undefined && card !== undefined && heir !== undefined) {
    const [then, next] = [knownBy(before, card), knownBy(after, heir)];
    const other = [...next, ...then].find((one) => !then.includes(one) || !next.includes(one));
    if (other !== undefined) {
      return fails(
        "address",
        what,
        `${managerNow} would ask as somebody else, and may get another one: ${other}`,
        "what the machine is known by to the DHCP server, as in your present configuration",
      );
    }
  }
  return holds("address", what, `${managerNow} gets it as before`);
}

/** Without a session's address: every configured address has to stay. */
function provenAll(question: ProofQuestion): Verdict[] {
  const { before, after } = question;
  const what = "this machine keeps its addresses";
  if (before === undefined) return [];
  // A tunnel goes through cards, not through other tunnels.
  const isBelow = ({ place }: { readonly place: string }) =>
    !isTunnel(question) || tunnelOf(before.network, place) === undefined;
  const lost = configuredAddresses(before.network).filter(isBelow)
    .filter(({ address }) => !isStatic(after.network, address));
  if (lost[0] !== undefined) {
    const all = lost.map(({ words }) => words).join(", ");
    return [fails("address", what, `${all} would be gone`, lost[0].remedy)];
  }
  const [then, next] = [before, after].map((facts) => managerOf(facts, undefined));
  if (then === next) return [holds("address", what, "they are configured and assigned as before")];
  return [fails(
    "address",
    what,
    `${next ?? "nothing"} would assign them, instead of ${then ?? "nothing"}`,
    MANAGER_OPTION[then ?? ""] ?? "networking.useDHCP = false;",
  )];
}

/** Whether a configuration names an address itself. */
export function isStatic(network: ConfigurationFacts["network"], address: string): boolean {
  return configuredAddress(network, address) !== undefined;
}

/** Whether what has the address reaches the card that has it now: itself, or a bridge, bond or VLAN on it. */
function carries(question: ProofQuestion, place: string, device: string | undefined): boolean {
  const { before, after, now } = question;
  if (device === undefined || place === ANY) return true;
  const unit = after.network.networkdUnits.find(({ name }) => name === place);
  const own = heirs(question, device);
  if (own.some((heir) => heir.name === place || unit && ownUnit(after, heir) === unit)) {
    return true;
  }
  // What becomes part of something carries nothing any more.
  if (place === device) return false;
  const names = unit === undefined ? [place] : unitValues(unit.text, "Name", "Match");
  const cards = names.flatMap((name) => cardsOf(after.network, name));
  // The device may itself be a bridge that goes away, with the same card below it.
  const present = before === undefined ? [device] : cardsOf(before.network, device);
  const isMade = now.interfaces.find(({ name }) => name === device)?.kind === "virtual";
  const unknown = before === undefined && isMade && !names.some((name) => cards.includes(name));
  return unknown || cards.some((card) => present.includes(card));
}

function hasIpv6(facts: ConfigurationFacts | undefined): boolean {
  return facts === undefined || !definitionsOf(facts, "networking.enableIPv6").includes(false);
}
