import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { openPorts } from "../../rebuild/proofs/disappearing.ts";
import { withoutStoreHashes } from "../../nix/store/store_path.ts";

/** Lines of NixOS's own firewall that every one has (nixos/modules/services/networking/firewall-*.nix). */
const OF_EVERY_ONE = /\bfe80::\/64\b.*\b546\b|\b67 \. 68\b|--ctstate|\bicmp/;
/** A port or a range on one interface or all, as NixOS writes it for iptables. */
const IPTABLES =
  /^ip46tables -A nixos-fw -p (tcp|udp) --dport (\S+) -j nixos-fw-accept(?: -i (\S+))?$/;
const IPTABLES_TRUSTED = /^ip46tables -A nixos-fw -i (\S+) -j nixos-fw-accept$/;
/** Sets of them, for nftables. */
const NFTABLES =
  /^(?:iifname (?:"?([^\s"{}]+)"?) )?(tcp|udp) dport (?:\{([^}]*)\}|([\w:-]+)) accept$/;
const NFTABLES_TRUSTED = /^iifname \{([^}]*)\} accept(?: comment .*)?$/;

/**
 * What a firewall's script or rules let in: `tcp 22`, `udp 60000-61000 on eth0`, `all on virbr0`; what
 * says it in another way as it stands there. Pure.
 */
export function openingsOf(text: string): Set<string> {
  return new Set(text.split("\n").flatMap((line) => opening(line.trim().replace(/\s+/g, " "))));
}

function opening(line: string): string[] {
  const on = (name: string | undefined) => name === undefined ? "" : ` on ${name}`;
  if (line.startsWith("#") || OF_EVERY_ONE.test(line)) return [];
  const iptables = IPTABLES.exec(line);
  if (iptables) {
    const [, protocol, ports = "", device] = iptables;
    return [`${protocol} ${ports.replace(":", "-")}${on(device)}`];
  }
  const nftables = NFTABLES.exec(line);
  if (nftables) {
    const [, device, protocol, set, port] = nftables;
    return words(set ?? port ?? "").map((ports) => `${protocol} ${ports}${on(device)}`);
  }
  const trusted = IPTABLES_TRUSTED.exec(line) ?? NFTABLES_TRUSTED.exec(line);
  if (trusted) return words(trusted[1]!).map((device) => `all${on(device.replaceAll('"', ""))}`);
  // Any other rule about ports that lets something in.
  const lets = /\bdports?\b/.test(line) && /-j (?:nixos-fw-accept|ACCEPT)\b|\baccept\b/.test(line);
  return lets ? [withoutStoreHashes(line)] : [];
}

function words(set: string): string[] {
  return set.split(",").map((word) => word.trim()).filter((word) => word !== "");
}

/** What the firewall of a configuration lets in, in the same words. */
export function openingsRead(firewall: ConfigurationFacts["firewall"]): Set<string> {
  const trusted = firewall.trustedInterfaces.map((device) => `all on ${device}`);
  const ofOptions = firewall.enable ? [...openPorts(firewall), ...trusted] : [];
  return new Set(ofOptions).union(openingsOf(firewall.rules));
}
