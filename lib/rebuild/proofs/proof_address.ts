import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { definitionsOf, MANAGER_OPTION, managerOf } from "./network/address_managers.ts";
import { cardsOf, interfaceOf, isLoopback, prefixOf } from "./network/addresses.ts";
import { cardNow, heirs } from "./network/heirs.ts";
import { masterOf, unitAddresses, unitOf, unitValues } from "./network/network_units.ts";
import { isAddress, sameAddress } from "../../machine/accounts/ssh_patterns.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

type Network = ConfigurationFacts["network"];

/** Whether the address that the session uses is still this machine's; without one, every address. */
export function proveAddress(question: ProofQuestion): Verdict[] {
  // Behind a session from this machine itself (a tunnel) may be any address.
  const own = question.address === undefined || isLoopback(question.address);
  return own ? provenAll(question) : [provenOne(question, question.address!)];
}

function provenOne(question: ProofQuestion, address: string): Verdict {
  const { before, after, now } = question;
  const plain = address.replace(/%.*$/, "");
  const what = `this machine keeps the address ${plain}`;
  const device = interfaceOf(now, address);
  const family = plain.includes(":") ? "ipv6" : "ipv4";
  if (family === "ipv6" && [before, after].map(hasIpv6).join() === "true,false") {
    return fails("address", what, "IPv6 would be off", "networking.enableIPv6 = true;");
  }
  if (/^fe80:/i.test(plain)) return holds("address", what, "every interface makes its own");
  const place = staticPlace(after.network, plain);
  if (place !== undefined && carries(question, place, device)) {
    return holds("address", what, "it is configured");
  }
  const remedy = `networking.interfaces.${device ?? "<interface>"}.${family}.addresses = ` +
    `[ { address = "${plain}"; prefixLength = ${prefixOf(now, plain) ?? "…"}; } ];`;
  if (place !== undefined) {
    const master = device === undefined ? place : masterOf(after.network, cardNow(now, device));
    const why = place !== device
      ? `it would be on ${place}, not on ${device}`
      : master === device
      ? `it would be on ${device}, which has no card of now in it`
      : `it would be on ${device}, which is part of ${master}: nothing answers there`;
    return fails("address", what, why, remedy.replace(`.${device}.`, `.${master}.`));
  }
  if (before !== undefined && isStatic(before.network, plain)) {
    return fails("address", what, "it was configured, and no longer is", remedy);
  }
  const v6 = family === "ipv6";
  const managers = (device === undefined ? [undefined] : heirs(question, device))
    .map((heir) => managerOf(after, heir, v6));
  const manager = managers.find((one) => one !== undefined);
  if (manager === undefined) return fails("address", what, "nothing assigns it", remedy);
  const managerNow = before === undefined
    ? now.leaseHolder
    : managerOf(before, device === undefined ? undefined : cardNow(now, device), v6);
  if (managerNow === undefined && before === undefined) {
    return fails("address", what, "it cannot be judged: how it was assigned is not known", remedy);
  }
  if (managers.includes(managerNow)) {
    return holds("address", what, `${managerNow} gets it as before`);
  }
  return fails(
    "address",
    what,
    `${manager} would ask for one, instead of ${managerNow ?? "what does now"}: it may get another`,
    MANAGER_OPTION[managerNow ?? ""] ?? remedy,
  );
}

/** Without a session's address: every configured address has to stay. */
function provenAll({ before, after }: ProofQuestion): Verdict[] {
  const what = "this machine keeps its addresses";
  if (before === undefined) return [];
  const lost = before.network.interfaces.flatMap((one) =>
    [...one.ipv4, ...one.ipv6].filter(({ address }) => !isStatic(after.network, address))
      .map(({ address, prefixLength }) => ({ name: one.name, address, prefixLength }))
  );
  const ofUnit = before.network.networkdUnits.flatMap(({ name, text }) =>
    unitAddresses(text).map((value) => ({ name, address: value.split("/")[0]! }))
  ).find(({ address }) => isAddress(address) && !isStatic(after.network, address));
  if (ofUnit !== undefined) {
    return [fails(
      "address",
      what,
      `${ofUnit.address} of networkd's unit ${ofUnit.name} would be gone`,
      "systemd.network.networks, as in your present configuration",
    )];
  }
  const ofProfiles = before.network.networkManager
    ? before.network.networkProfiles?.flatMap(({ name, addresses }) =>
      addresses.filter((address) => !isStatic(after.network, address))
        .map((address) => ({ name, address }))
    ) ?? []
    : [];
  const profile = ofProfiles[0];
  if (profile !== undefined) {
    return [fails(
      "address",
      what,
      `${profile.address} of NetworkManager's profile ${profile.name} would be gone`,
      "environment.etc or networking.networkmanager.ensureProfiles, as in your present configuration",
    )];
  }
  const first = lost[0];
  if (first !== undefined) {
    const family = first.address.includes(":") ? "ipv6" : "ipv4";
    return [fails(
      "address",
      what,
      `${lost.map(({ address }) => address).join(", ")} would be gone`,
      `networking.interfaces.${first.name}.${family}.addresses = ` +
        `[ { address = "${first.address}"; prefixLength = ${first.prefixLength}; } ];`,
    )];
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
export function isStatic(network: Network, address: string): boolean {
  return staticPlace(network, address) !== undefined;
}

/** The interface, or the networkd unit, that a configuration gives an address to. */
function staticPlace(network: Network, address: string): string | undefined {
  const declared = network.interfaces.find((one) =>
    [...one.ipv4, ...one.ipv6].some((own) => sameAddress(own.address, address))
  );
  const profile = network.networkManager &&
    network.networkProfiles?.find(({ addresses }) =>
      addresses.some((own) => sameAddress(own, address))
    );
  return declared?.name ??
    (profile ? profile.interface ?? ANY : undefined) ??
    network.networkdUnits.find(({ text }) =>
      unitAddresses(text).some((value) => sameAddress(value.split("/")[0]!, address))
    )?.name;
}

/** The place of a profile that names no interface: NetworkManager finds one that fits. */
const ANY = "*";

/** Whether what has the address reaches the card that has it now: itself, or a bridge, bond or VLAN on it. */
function carries(question: ProofQuestion, place: string, device: string | undefined): boolean {
  const { before, after, now } = question;
  if (device === undefined || place === ANY) return true;
  const unit = after.network.networkdUnits.find(({ name }) => name === place);
  const own = heirs(question, device);
  if (own.some((heir) => heir.name === place || unitOf(after.network, heir) === unit && unit)) {
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
