import { isLoopback } from "./network/addresses.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** Services that answer names, by their names in NixOS. */
const RESOLVERS =
  /^(unbound|dnsmasq|adguardhome|dnscrypt-proxy2?|bind|named|kresd@.*|knot-resolver|coredns|stubby|blocky|pdns-recursor|pihole-FTL|pihole|technitium-dns-server|smartdns|dnsdist|systemd-resolved|https-dns-proxy|doh-proxy|maradns|nsd|routedns|ctrld)$/;

/**
 * Where the machine asks itself for names, what answers is still there: without it nothing is found, no
 * update and no guest included. Pure.
 */
export function proveResolver({ before, after }: ProofQuestion): Verdict[] {
  const { nameservers, localResolver } = after.network;
  // 127.0.0.53 is systemd-resolved's own.
  const own = nameservers.find(isLoopback);
  if (own === undefined && localResolver !== true) return [];
  const what = `what this machine asks for names (${own ?? "127.0.0.1"}) is there`;
  const gone = before?.services.filter((name) => !after.services.includes(name)) ?? [];
  const lost = gone.find((name) => RESOLVERS.test(name));
  const stays = after.services.find((name) => RESOLVERS.test(name));
  if (lost === undefined && stays !== undefined) return [holds("resolver", what, stays)];
  // Something that is not known here may answer (a container): it does while nothing goes away.
  if (lost === undefined && before !== undefined && gone.length === 0) {
    return [holds("resolver", what, "no service goes away")];
  }
  return [fails(
    "resolver",
    what,
    lost === undefined ? "no service that answers names is known" : `${lost} would be gone`,
    lost === undefined
      ? 'networking.nameservers = [ "…" ]; (one that is not this machine)'
      : `what starts ${lost}, as in your present configuration`,
  )];
}
