import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { comesInOn } from "./network/addresses.ts";
import { tunnelOf } from "./network/tunnels.ts";
import { unitValues } from "./network/unit_text.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** Services that make tunnels, by their names in NixOS. */
const TUNNELS =
  /^(wireguard-|wg-quick-|openvpn-|tailscaled|zerotierone|nebula@|netbird|pppd-|strongswan|tinc[.]|openconnect-|vpnc|xl2tpd|headscale)/;
/** Services that carry connections to this machine's own loopback interface. */
const FORWARDERS = /autossh|cloudflared|frp|ngrok|chisel|rathole|bore|tunnel|^tor$|sshuttle/;
/** Services that join wireless networks. */
const WIRELESS = /^(wpa_supplicant|iwd|NetworkManager)/;

/**
 * Whether what the session's address is on will be there: a tunnel needs the service that makes it, a
 * wireless card its networks, a session through this machine itself what forwards it.
 */
export function proveLink(question: ProofQuestion): Verdict[] {
  return [...proveDevice(question), ...proveMembers(question)];
}

function proveDevice(question: ProofQuestion): Verdict[] {
  const { before, after, now } = question;
  const device = comesInOn(question);
  if (device === undefined) return [];
  const what = `the way in through ${device} stays`;
  const kind = now.interfaces.find(({ name }) => name === device)?.kind;
  if (device === "lo") {
    return gone(before, after, FORWARDERS, TUNNELS).map((name) => refuse(what, name));
  }
  const profile = lostProfile(before, after, device, kind);
  if (profile !== undefined) {
    return [refuse(
      what,
      `NetworkManager's profile ${profile}`,
      "environment.etc or networking.networkmanager.ensureProfiles",
    )];
  }
  if (kind === "wireless") return [proveWireless(what, device, question)];
  return kind === "tunnel" || kind === "virtual" ? [proveMade(what, device, question)] : [];
}

/** Kinds of profiles that other interfaces are part of. */
const STACKED = /^(bridge|bond|vlan|team|vrf|macvlan)$/;

/** A profile of the configuration that may have to do with an interface, and that goes or changes. */
function lostProfile(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  device: string,
  kind: string | undefined,
): string | undefined {
  if (!before?.network.networkManager) return undefined;
  const stays = after.network.networkManager ? after.network.networkProfiles ?? [] : [];
  return before.network.networkProfiles?.filter((one) =>
    (one.interface === null || one.interface === device || STACKED.test(one.type ?? "")) &&
    (kind === "wireless" || !/^(wifi|802-11-wireless)$/.test(one.type ?? ""))
  ).find((one) => !stays.some(({ name, content }) => name === one.name && content === one.content))
    ?.name;
}

/** What bridges, bonds and VLANs stand on is made as now: without one member, the whole does not come up. */
function proveMembers({ before, after }: ProofQuestion): Verdict[] {
  if (before === undefined) return [];
  const { bridges, bonds, vlans } = after.network;
  const members = [
    ...[...bridges, ...bonds].flatMap(({ name, interfaces }) =>
      interfaces.map((member) => ({ name, member }))
    ),
    ...vlans.map((vlan) => ({ name: vlan.name, member: vlan.interface })),
  ];
  const lost = members.find(({ member }) => makes(before, member) && !makes(after, member));
  if (lost === undefined) return [];
  const { name, member } = lost;
  const isVirtual = before.network.interfaces.some((one) => one.name === member && one.virtual);
  return [fails(
    "address",
    `${name} comes up`,
    `nothing would make ${member}, which is part of it`,
    isVirtual
      ? `networking.interfaces.${member}.virtual = true;`
      : `what makes ${member}, as in your present configuration`,
  )];
}

function proveMade(what: string, device: string, { before, after }: ProofQuestion): Verdict {
  if (makes(after, device)) return holds("address", what, "it is configured");
  const bothManaged = before?.network.networkManager && after.network.networkManager;
  const option = `what makes ${device} (networking.wireguard, services.tailscale, …)`;
  if (before === undefined) {
    return fails("address", what, `it cannot be judged: what makes ${device} is not known`, option);
  }
  if (makes(before, device)) return refuse(what, device, option);
  const makers = madeBy(before, device);
  const lost = makers.find((name) => !uses(after, name));
  if (lost !== undefined) return refuse(what, lost, option);
  if (before.network.tailscale === device && after.network.tailscale !== device) {
    return refuse(what, device, `services.tailscale.interfaceName = "${device}";`);
  }
  if (makers.length > 0) return holds("address", what, `${makers.join(", ")} as before`);
  if (bothManaged) return holds("address", what, "NetworkManager has it as before");
  const missing = before.services.filter((name) => !uses(after, name));
  return missing.length === 0 ? holds("address", what, "no service goes away") : fails(
    "address",
    what,
    `it cannot be judged: what makes ${device} is not known, and services go away`,
    option,
  );
}

/** Services that make a tunnel: those that are named after it where there are any, else all that make some. */
function madeBy({ services, network }: ConfigurationFacts, device: string): string[] {
  const named = services.filter((name) =>
    network.tailscale === device ? name === "tailscaled" : name.includes(device)
  );
  // Peers of WireGuard are judged one by one, by who is at work.
  const all = tunnelOf(network, device) === undefined
    ? named
    : named.filter((name) => !name.includes("-peer-"));
  return all.length > 0 ? all : services.filter((name) => TUNNELS.test(name));
}

function proveWireless(what: string, device: string, { before, after }: ProofQuestion): Verdict {
  const option = "networking.wireless.networks";
  if (after.network.networkManager && (before?.network.networkManager ?? true)) {
    return holds("address", what, "NetworkManager knows its networks");
  }
  // One for all cards, or one for each that is named.
  const isStill = (name: string) =>
    /^wpa_supplicant(-|$)/.test(name) &&
    ["wpa_supplicant", `wpa_supplicant-${device}`].some((other) => uses(after, other));
  const lost = gone(before, after, WIRELESS).find((name) => !isStill(name));
  if (lost !== undefined) return refuse(what, lost);
  const known = before?.network.wirelessNetworks;
  if (before === undefined || known === undefined) {
    return fails(
      "address",
      what,
      "it cannot be judged: its wireless networks are not known",
      option,
    );
  }
  const [then, next] = [before.network, after.network];
  const network = known.find((name) => !next.wirelessNetworks?.includes(name));
  if (network !== undefined) return refuse(what, `the wireless network ${network}`, option);
  const contents = then.wirelessContents ?? {};
  const other = known.find((name) =>
    contents[name] !== undefined && contents[name] !== next.wirelessContents?.[name]
  );
  const file = next.wirelessSecrets;
  const isMoved = file !== then.wirelessSecrets && then.wirelessSecrets !== undefined;
  if (other === undefined && !(isMoved && known.length > 0)) {
    return holds("address", what, "the wireless networks are those of before");
  }
  const why = other !== undefined
    ? `the wireless network ${other} would be joined in another way`
    : `the secrets of wireless networks would be read from ${file ?? "no file"}`;
  return fails("address", what, why, `${option}, as in your present configuration`);
}

/** Whether a configuration makes an interface itself. */
function makes({ network, services }: ConfigurationFacts, device: string): boolean {
  return [...network.bridges, ...network.bonds, ...network.vlans].some(({ name }) =>
    name === device
  ) || network.interfaces.some((one) => one.name === device && one.virtual === true) ||
    services.includes(`${device}-netdev`) ||
    network.networkdUnits.some(({ name, text }) =>
      name.endsWith(".netdev") && unitValues(text, "Name").includes(device)
    );
}

function gone(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  ...patterns: readonly RegExp[]
): string[] {
  return (before?.services ?? []).filter((name) =>
    patterns.some((pattern) => pattern.test(name)) && !uses(after, name)
  );
}

function uses({ services }: ConfigurationFacts, service: string): boolean {
  return services.includes(service);
}

function refuse(what: string, name: string, option?: string): Verdict {
  return fails(
    "address",
    what,
    `${name} would be gone`,
    `${option ?? `what starts ${name}`}, as in your present configuration`,
  );
}
