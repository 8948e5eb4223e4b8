import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { MachineNow } from "./machine_now.ts";
import { consoleLogin } from "../access/logins.ts";
import type { Verdict } from "./verdict.ts";

/** What a proof is made on. */
export interface ProofQuestion {
  /** The evaluated configuration that runs now; undefined when it could not be evaluated. */
  readonly before: ConfigurationFacts | undefined;
  /** The evaluated configuration that is to be activated. */
  readonly after: ConfigurationFacts;
  readonly now: MachineNow;
  /** How people open a session now. */
  readonly way: "ssh" | "console";
  /** Of the SSH server, for the session that is there or for one that anybody would open. */
  readonly port: number;
  /** The address that the session came in on; undefined when it is not known. */
  readonly address: string | undefined;
  readonly client: string | undefined;
}

/** One claim about a configuration, or a few that stand on the same; see `registry.ts`. */
export interface Proof {
  /** In kebab case, like the name of its file. */
  readonly name: string;
  /** Whom it keeps from what: people from the machine, or the machine from starting. */
  readonly about: "access" | "boot";
  /** It is of no matter where sessions are opened at the console. */
  readonly onlyOverSsh?: true;
  /** Pure. A verdict that is not ok names the option that would make it true. */
  readonly prove: (question: ProofQuestion) => readonly Verdict[];
}

/** The port of a session that does not tell it; sshd's own default. */
const SSH_PORT = 22;

/** The question that two configurations are on a machine as it is now. */
export function proofQuestion(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  now: MachineNow,
): ProofQuestion {
  const session = now.session.kind === "ssh" ? now.session : undefined;
  return {
    before,
    after,
    now,
    way: wayOf(now),
    port: session?.serverPort ?? before?.ssh.ports[0] ?? now.sshServer?.ports[0] ?? SSH_PORT,
    address: session?.serverAddress,
    client: session?.clientAddress,
  };
}

/**
 * SSH in an SSH session, and the console otherwise; on a machine where nobody can log in at the console
 * (a rented server, run by a timer) it is SSH as well.
 */
function wayOf(now: MachineNow): ProofQuestion["way"] {
  if (now.session.kind === "ssh") return "ssh";
  const known = now.accounts.filter((account) => account.password !== "unknown");
  const console = known.length === 0 ||
    known.some((account) => consoleLogin(account, now.pam, now).ok);
  return console ? "console" : "ssh";
}
