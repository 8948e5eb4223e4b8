import type { ProofQuestion } from "./proof_question.ts";
import { sameAddress } from "../access/ssh_patterns.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** Whether the SSH server runs, and listens where the session came in. */
export function proveSshServer(question: ProofQuestion): Verdict[] {
  const what = "the SSH server runs";
  const service = question.after.ssh.enable
    ? holds("sshd", what, "services.openssh.enable is true")
    : fails("sshd", what, "it would be switched off", "services.openssh.enable = true;");
  return [service, provePort(question)];
}

function provePort({ after, port, address }: ProofQuestion): Verdict {
  const what = `the SSH server listens on port ${port}`;
  const { ports, listenAddresses } = after.ssh;
  if (listenAddresses.length === 0) {
    return ports.includes(port) ? holds("port", what, "services.openssh.ports has it") : fails(
      "port",
      what,
      `it would listen on ${ports.join(", ") || "no port"}`,
      `services.openssh.ports = [ ${port} ];`,
    );
  }
  const listens = listenAddresses.some((one) =>
    (one.port === null ? ports.includes(port) : one.port === port) && covers(one.addr, address)
  );
  if (listens) return holds("port", what, "services.openssh.listenAddresses has it");
  return fails(
    "port",
    what,
    "services.openssh.listenAddresses names other addresses or ports",
    `services.openssh.listenAddresses = [ { addr = "${address ?? "0.0.0.0"}"; port = ${port}; } ];`,
  );
}

function covers(listens: string | null, address: string | undefined): boolean {
  if (listens === null || listens === "*") return true;
  if (listens === "0.0.0.0") return address === undefined || !address.includes(":");
  if (listens === "::") return address === undefined || address.includes(":");
  return address !== undefined && sameAddress(listens.replace(/^\[|\]$/g, ""), address);
}
