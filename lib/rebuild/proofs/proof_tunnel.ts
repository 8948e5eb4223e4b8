import { losesWays } from "./firewall/ways_in.ts";
import { comesInOn } from "./network/addresses.ts";
import { peerOf, tunnelOf } from "./network/tunnels.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, type Verdict } from "./verdict.ts";

/**
 * Whether WireGuard, through which the session comes, still has its client as a peer, and that one still finds
 * this machine: the key, the port that it listens on, and the firewall below the tunnel. What makes the
 * interface is the proof of the link's business. Pure.
 */
export function proveTunnel(question: ProofQuestion): Verdict[] {
  const { before, after, client } = question;
  const device = comesInOn(question);
  if (before === undefined || client === undefined || device === undefined) return [];
  const [then, next] = [before, after].map(({ network }) => tunnelOf(network, device));
  const peer = then && peerOf(then, client);
  if (then === undefined || next === undefined || peer === undefined) return [];
  const refuse = (why: string, remedy: string) => [
    fails("address", `WireGuard's ${device} lets ${client} in`, why, remedy),
  ];
  const asNow = `the interface ${device} of WireGuard, as in your present configuration`;
  const same = next.peers.find(({ key }) => key === peer.key);
  if (same === undefined) return refuse(`its peer ${peer.key} would be gone`, asNow);
  if (peerOf(next, client)?.key !== peer.key) {
    return refuse(`${client} would not be among what ${peer.key} is allowed`, asNow);
  }
  if (then.keyFile !== next.keyFile) {
    return refuse(`its own key would be read from ${next.keyFile ?? "elsewhere"}`, asNow);
  }
  if (peer.endpoint !== null) {
    return peer.endpoint === same.endpoint
      ? []
      : refuse(`${peer.key} would be asked at ${same.endpoint ?? "no place"}`, asNow);
  }
  if (then.listenPort !== next.listenPort) {
    return refuse(`it would listen on ${next.listenPort ?? "any port"}`, asNow);
  }
  const { listenPort } = then;
  return listenPort !== null && losesWays(before.firewall, after.firewall, listenPort, "udp")
    ? refuse(
      `the firewall would let its port ${listenPort} in no more`,
      `networking.firewall.allowedUDPPorts = [ ${listenPort} ];`,
    )
    : [];
}
