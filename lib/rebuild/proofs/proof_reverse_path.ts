import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { readNftRule } from "./firewall/nft_rule.ts";
import { nftChains } from "./firewall/nft_ruleset.ts";
import { definitionsOf } from "./network/address_managers.ts";
import type { InterfaceNow } from "./machine_now.ts";
import { comesInOn, isOfLink, isTunnel } from "./network/addresses.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, type Verdict } from "./verdict.ts";

/**
 * Where the session's packets come in on one interface and answers leave by another, the strict check of the
 * reverse path drops them: the firewall's (`networking.firewall.checkReversePath`), or the kernel's
 * (`rp_filter`, of IPv4 alone). What is checked now is taken at its word. Pure.
 */
export function proveReversePath(question: ProofQuestion): Verdict[] {
  const { before, after, now, client, address } = question;
  const device = comesInOn(question);
  if (client === undefined || now.wayOut === undefined || device === "lo") return [];
  // Each card has the network of its link, under one name.
  if (now.wayOut === device || isOfLink(client)) return [];
  // Tunnels have tables of their own, to which rules lead (tailscaled, wg-quick): the check asks these, too.
  if (isTunnel(question)) return [];
  const isOtherWay = ({ name, addresses }: InterfaceNow) =>
    name !== now.wayOut && name !== "lo" && addresses.length > 0;
  // Two unknowns refuse nothing: the strict check is NixOS's default, and most likely made now.
  if (device === undefined && (before === undefined || !now.interfaces.some(isOtherWay))) return [];
  const refuse = (check: string, remedy: string) => [
    fails(
      "firewall",
      "the check of the reverse path lets the session in",
      `${check} is strict, and answers to ${client.replace(/%.*$/, "")} leave by ${now.wayOut}` +
        (device === undefined ? ` as ${address}'s way in is not known` : `, not by ${device}`),
      remedy,
    ),
  ];
  const ofFirewall = (facts: ConfigurationFacts | undefined) =>
    facts?.firewall.enable && facts.firewall.checkReversePath === "strict";
  if (ofFirewall(after) && !ofFirewall(before) && !isLet(question)) {
    return refuse("the firewall's", 'networking.firewall.checkReversePath = "loose";');
  }
  const ofKernel = (facts: ConfigurationFacts | undefined) =>
    facts !== undefined && isStrict(facts, device);
  if (!client.includes(":") && ofKernel(after) && !ofKernel(before)) {
    return refuse("the kernel's", 'boot.kernel.sysctl."net.ipv4.conf.all.rp_filter" = 2;');
  }
  return [];
}

/** Whether rules of the owner's may let the session by the firewall's check. */
function isLet(question: ProofQuestion): boolean {
  const { after, port, client } = question;
  const packets = { port, client, device: comesInOn(question) };
  const ofNft = definitionsOf(after, "networking.firewall.extraReversePathFilterRules");
  return after.firewall.nftables
    ? nftChains(`table inet nixos-fw { chain rpfilter-allow {\n${ofNft.at(-1) ?? ""}\n} }`)
      .flatMap(({ statements }) => statements)
      .some((rule) => readNftRule(rule, packets, "in").mayLet)
    : after.firewall.extraCommands.split("\n").some((line) =>
      /nixos-fw-rpfilter\b.*\s(-j|--jump)\s+(RETURN|ACCEPT)\b/.test(line) &&
      !/\s(-p|--protocol)\s+(udp|icmp)/.test(line)
    );
}

/** The larger one of `all` and the interface's own counts; 2 is loose (ip-sysctl of the kernel). */
function isStrict(facts: ConfigurationFacts, device: string | undefined): boolean {
  const settings = Object.assign({}, ...definitionsOf(facts, "boot.kernel.sysctl")) as Readonly<
    Record<string, unknown>
  >;
  const of = (name: string) =>
    settings[`net.ipv4.conf.${name}.rp_filter`] ?? settings[`net/ipv4/conf/${name}/rp_filter`];
  const own = (device === undefined ? undefined : of(device)) ?? of("*") ?? of("default");
  return Math.max(Number(of("all") ?? of("*") ?? 0), Number(own ?? 0)) === 1;
}
