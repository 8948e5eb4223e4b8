import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** What of the SSH server's configuration can shut people out, a word or a line; sshd_config(5). */
export const DECIDES = new RegExp(
  `^\\s*(${
    [
      "match|include|(allow|deny)(users|groups)|authenticationmethods|usepam|strictmodes",
      "addressfamily|listenaddress|port|refuseconnection|maxstartups|logingracetime",
      "authorizedkeys\\w+|authorizedprincipals\\w+|trustedusercakeys|revokedkeys",
      "(password|pubkey|kbdinteractive|challengeresponse|hostbased|gssapi|kerberos)authentication",
      "permitrootlogin|permitemptypasswords|permittty|maxauthtries|maxsessions|forcecommand",
      "chrootdirectory|pubkeyaccepted\\w+|pubkeyauthoptions|requiredrsasize|casignaturealgorithms",
      "hostkey\\w*|hostcertificate|ciphers|macs|kexalgorithms",
    ].join("|")
  })\\b`,
  "i",
);

/** Whether free text of the SSH server's configuration says about logins what it says now. */
export function proveExtraConfig({ before, after }: ProofQuestion): Verdict[] {
  const lines = statements(after.ssh);
  if (!lines.some((line) => DECIDES.test(line))) return [];
  const known = before === undefined ? [] : statements(before.ssh);
  const what = "services.openssh.extraConfig shuts nobody out";
  // Which Match a line stands under decides whom it is about: only the same text means the same.
  if (lines.join("\n") === known.join("\n")) {
    return [holds("sshd", what, "what it says about logins is what it said before")];
  }
  const added = lines.filter((line) => DECIDES.test(line) && !known.includes(line));
  const changed = added.length > 0 ? added : lines.filter((line, index) => line !== known[index]);
  return [fails(
    "sshd",
    what,
    `it cannot be judged: ${changed.join("; ") || "lines of it are gone"}`,
    "say it with services.openssh.settings instead, which can be judged",
  )];
}

function statements({ extraConfig }: ConfigurationFacts["ssh"]): string[] {
  return extraConfig.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
