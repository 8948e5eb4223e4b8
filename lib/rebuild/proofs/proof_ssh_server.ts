import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { isLoopback } from "./network/addresses.ts";
import { configuredAddress } from "./network/configured_addresses.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { sameAddress } from "../../machine/accounts/ssh_patterns.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

type Ssh = ConfigurationFacts["ssh"];

/** Whether the SSH server runs, and listens where the session came in. */
export function proveSshServer(question: ProofQuestion): Verdict[] {
  const what = "the SSH server runs";
  const service = question.after.ssh.enable
    ? holds("sshd", what, "services.openssh.enable is true")
    : fails("sshd", what, "it would be switched off", "services.openssh.enable = true;");
  return [service, provePort(question)];
}

function provePort({ before, after, now, port, address }: ProofQuestion): Verdict {
  const what = `the SSH server listens on port ${port}`;
  const { ports, listenAddresses } = after.ssh;
  const family = after.ssh.otherSettings.AddressFamily;
  const other = family === "inet" && address?.includes(":") ||
    family === "inet6" && address?.includes(":") === false;
  if (other) {
    return fails(
      "port",
      what,
      `AddressFamily is ${family}: not on ${address}`,
      'services.openssh.settings.AddressFamily = "any";',
    );
  }
  if (listenAddresses.length === 0) {
    return ports.includes(port) ? holds("port", what, "services.openssh.ports has it") : fails(
      "port",
      what,
      `it would listen on ${ports.join(", ") || "no port"}`,
      `services.openssh.ports = [ ${port} ];`,
    );
  }
  const onPort = (ssh: Pick<Ssh, "ports" | "listenAddresses">) =>
    ssh.listenAddresses
      .filter((one) => one.port === null ? ssh.ports.includes(port) : one.port === port)
      .map(({ addr }) => addr);
  // Where no session tells the address, it may be any of those that are listened on now.
  const runs = before?.ssh ?? now.sshServer;
  const wanted = address === undefined && runs !== undefined ? onPort(runs) : [];
  const listens = (address: string | undefined) =>
    onPort(after.ssh).some((addr) => covers(addr, address));
  const all = wanted.length > 0
    ? wanted.every((addr) => onPort(after.ssh).includes(addr) || addr !== null && listens(addr))
    : listens(address);
  if (all && startsTooEarly(after) && !(before && startsTooEarly(before))) {
    return fails(
      "port",
      what,
      after.ssh.startWhenNeeded
        ? "its socket is bound before the machine has an address, and fails at the next boot"
        : "it starts before a DHCP server has given the machine its address, and fails at the next boot",
      after.ssh.startWhenNeeded
        ? "systemd.sockets.sshd.socketConfig.FreeBind = true;"
        : "services.openssh.listenAddresses = [ ]; (and networking.firewall.interfaces)",
    );
  }
  if (all) return holds("port", what, "services.openssh.listenAddresses has it");
  return fails(
    "port",
    what,
    "services.openssh.listenAddresses names other addresses or ports",
    `services.openssh.listenAddresses = [ { addr = "${address ?? "0.0.0.0"}"; port = ${port}; } ];`,
  );
}

/**
 * Whether the server needs an address that is not there yet when the machine starts: one socket of systemd's
 * that cannot be bound is enough (systemd.socket(5)), of sshd itself all of them.
 */
function startsTooEarly({ ssh, network }: ConfigurationFacts): boolean {
  const ofNetwork = ssh.listenAddresses.map(({ addr }) => addr?.replace(/^\[|\]$/g, "") ?? "*")
    .filter((addr) => !/^(\*|0\.0\.0\.0|::)$/.test(addr) && !isLoopback(addr));
  if (ofNetwork.length === 0) return false;
  if (ssh.startWhenNeeded) return ssh.freeBind === false;
  return ofNetwork.length === ssh.listenAddresses.length &&
    ofNetwork.every((addr) => configuredAddress(network, addr) === undefined);
}

function covers(listens: string | null, address: string | undefined): boolean {
  if (listens === null || listens === "*") return true;
  if (listens === "0.0.0.0") return address === undefined || !address.includes(":");
  if (listens === "::") return address === undefined || address.includes(":");
  return address !== undefined && sameAddress(listens.replace(/^\[|\]$/g, ""), address);
}
