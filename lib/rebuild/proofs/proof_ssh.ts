import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { proveNetwork } from "./proof_network.ts";
import { proveSecondFactors } from "./proof_pam.ts";
import type { Reach } from "./reach.ts";
import { sameAddress } from "./ssh_patterns.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

type Ssh = ConfigurationFacts["ssh"];

/** What has to be true of the machine, whoever logs in over SSH. */
export function proveSshServer(reach: Reach): Verdict[] {
  const { before, after } = reach;
  const what = "the SSH server runs";
  const service = after.ssh.enable
    ? holds("sshd", what, "services.openssh.enable is true")
    : fails("sshd", what, "it would be switched off", "services.openssh.enable = true;");
  return [
    service,
    provePort(reach),
    ...proveNetwork(reach),
    ...(before === undefined ? [] : [...proveHostKeys(before.ssh, after.ssh)]),
    ...proveExtraConfig(before?.ssh, after.ssh),
    ...proveSecondFactors(before, after, reach.now),
  ];
}

function provePort({ after, port, address }: Reach): Verdict {
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

/** A machine that shows another host key looks like an attack: clients refuse it. */
function* proveHostKeys(before: Ssh, after: Ssh): Generator<Verdict> {
  if (!before.enable || before.hostKeys.length === 0) return;
  const what = "clients know the SSH server by its host keys";
  const lost = before.hostKeys.filter(({ path }) =>
    !after.hostKeys.some((key) => key.path === path)
  );
  const first = lost[0];
  yield first === undefined ? holds("host-keys", what, "the same files as before") : fails(
    "host-keys",
    what,
    `${lost.map(({ path }) => path).join(", ")} would not be used any more`,
    `services.openssh.hostKeys = [ { type = "${first.type}"; path = "${first.path}"; } ];`,
  );
}

/** What in free text can shut people out, and cannot be judged here; sshd_config(5). */
const DECIDES =
  /^\s*(match|include|allowusers|denyusers|allowgroups|denygroups|authenticationmethods|listenaddress|port|authorizedkeysfile|permitrootlogin|(password|pubkey|kbdinteractive|challengeresponse)authentication|maxauthtries|maxsessions|usepam|forcecommand|chrootdirectory|refuseconnection|revokedkeys|pubkeyaccepted\w+|pubkeyauthoptions|requiredrsasize|hostkey|hostkeyalgorithms)\b/i;

function* proveExtraConfig(before: Ssh | undefined, after: Ssh): Generator<Verdict> {
  const lines = statements(after);
  if (!lines.some((line) => DECIDES.test(line))) return;
  const known = before === undefined ? [] : statements(before);
  const what = "services.openssh.extraConfig shuts nobody out";
  // Which Match a line stands under decides whom it is about: only the same text means the same.
  if (lines.join("\n") === known.join("\n")) {
    yield holds("sshd", what, "what it says about logins is what it said before");
    return;
  }
  const added = lines.filter((line) => DECIDES.test(line) && !known.includes(line));
  const changed = added.length > 0 ? added : lines.filter((line, index) => line !== known[index]);
  yield fails(
    "sshd",
    what,
    `it cannot be judged: ${changed.join("; ") || "lines of it are gone"}`,
    "say it with services.openssh.settings instead, which can be judged",
  );
}

function statements({ extraConfig }: Ssh): string[] {
  return extraConfig.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
