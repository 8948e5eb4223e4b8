import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { cardsOf, interfaceOf, prefixOf, unitValues } from "./addresses.ts";
import { inNetwork, sameAddress, wildcard } from "../../machine/accounts/ssh_patterns.ts";
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
  if (/^fe80:/i.test(plain)) return holds("address", what, "every interface makes its own");
  const place = staticPlace(after.network, plain);
  if (place !== undefined && carries(question, place, device)) {
    return holds("address", what, "it is configured");
  }
  const remedy = `networking.interfaces.${device ?? "<interface>"}.${family}.addresses = ` +
    `[ { address = "${plain}"; prefixLength = ${prefixOf(now, plain) ?? "…"}; } ];`;
  if (place !== undefined) {
    return fails("address", what, `it would be on ${place}, not on ${device}`, remedy);
  }
  if (before !== undefined && isStatic(before.network, plain)) {
    return fails("address", what, "it was configured, and no longer is", remedy);
  }
  const manager = managerOf(after.network, device);
  if (manager === undefined) return fails("address", what, "nothing assigns it", remedy);
  const managerNow = before === undefined ? now.leaseHolder : managerOf(before.network, device);
  if (managerNow === undefined && before === undefined) {
    return fails("address", what, "it cannot be judged: how it was assigned is not known", remedy);
  }
  if (manager === managerNow) return holds("address", what, `${manager} gets it as before`);
  return fails(
    "address",
    what,
    `${manager} would ask for one, instead of ${managerNow ?? "what does now"}: it may get another`,
    MANAGER_OPTION[managerNow ?? ""] ?? remedy,
  );
}

function isLoopback(address: string): boolean {
  return inNetwork(address, "127.0.0.0", 8) || sameAddress(address, "::1");
}

/** Without a session's address: every configured address has to stay. */
function provenAll({ before, after }: ProofQuestion): Verdict[] {
  const what = "this machine keeps its addresses";
  if (before === undefined) return [];
  const lost = before.network.interfaces.flatMap((one) =>
    [...one.ipv4, ...one.ipv6].filter(({ address }) => !isStatic(after.network, address))
      .map(({ address, prefixLength }) => ({ name: one.name, address, prefixLength }))
  );
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
  const [then, next] = [before, after].map((facts) => managerOf(facts.network, undefined));
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
      unitValues(text, "Address").some((value) => sameAddress(value.split("/")[0]!, address))
    )?.name;
}

/** The place of a profile that names no interface: NetworkManager finds one that fits. */
const ANY = "*";

/** Whether what has the address reaches the card that has it now: itself, or a bridge, bond or VLAN on it. */
function carries({ before, after, now }: ProofQuestion, place: string, device: string | undefined) {
  if (device === undefined || place === ANY) return true;
  const unit = after.network.networkdUnits.find(({ name }) => name === place);
  const names = unit === undefined ? [place] : unitValues(unit.text, "Name");
  // A unit without a name matches by hardware address or by kind: it is taken at its word.
  if (unit && (names.length === 0 || names.some((pattern) => wildcard(pattern, device)))) {
    return true;
  }
  const cards = names.flatMap((name) => cardsOf(after.network, name));
  // The device may itself be a bridge that goes away, with the same card below it.
  const present = before === undefined ? [device] : cardsOf(before.network, device);
  const isMade = now.interfaces.find(({ name }) => name === device)?.kind === "virtual";
  const unknown = before === undefined && isMade && !names.some((name) => cards.includes(name));
  return unknown || cards.some((card) => present.includes(card));
}

const NETWORKMANAGER = "NetworkManager";
const CLOUD_INIT = "cloud-init";
const NETWORKD = "systemd-networkd";
const DHCPCD = "dhcpcd";

/** The option that brings each back. */
const MANAGER_OPTION: Readonly<Record<string, string>> = {
  [NETWORKMANAGER]: "networking.networkmanager.enable = true;",
  [CLOUD_INIT]: "services.cloud-init.network.enable = true;",
  [NETWORKD]: "networking.useNetworkd = true;",
  [DHCPCD]: "networking.useDHCP = true;",
};

/** What assigns dynamic addresses on an interface (on any one, when it is not known). */
function managerOf(network: Network, device: string | undefined): string | undefined {
  if (network.networkManager) return NETWORKMANAGER;
  if (network.cloudInitNetwork) return CLOUD_INIT;
  const own = network.interfaces.find(({ name }) => name === device)?.useDHCP;
  const anyOwn = device === undefined && network.interfaces.some(({ useDHCP }) => useDHCP);
  const dhcp = (own ?? network.useDHCP) || anyOwn;
  const unit = network.networkdUnits.some(({ text }) =>
    unitValues(text, "DHCP").some((value) => /^(yes|true|1|on|ipv4|ipv6)$/.test(value))
  );
  if (network.useNetworkd && dhcp || network.networkd && unit) return NETWORKD;
  return dhcp ? DHCPCD : undefined;
}
