import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** Services that know accounts beside those of /etc/passwd. */
const DIRECTORIES =
  /^(sssd|nslcd|nscd-ldap|winbindd|samba-winbindd|ypbind|systemd-homed|kanidm-unixd|himmelblaud|autofs)$/;

/**
 * Whether somebody at work whose account is not this machine's own (LDAP, SSSD, systemd-homed) stays known.
 * What they may do is not judged: it is as now, as long as nothing of what knows them goes away.
 */
export function proveStranger({ before, after, now }: ProofQuestion): Verdict[] {
  if (now.stranger === undefined) return [];
  const what = `${now.stranger}, who is not in /etc/passwd, stays known`;
  const known = before?.services.filter((name) => DIRECTORIES.test(name)) ?? [];
  const lost = known.filter((name) => !after.services.includes(name));
  if (known.length > 0 && lost.length === 0) {
    return [holds("login", what, `by ${known.join(", ")}`)];
  }
  return [fails(
    "login",
    what,
    lost.length > 0
      ? `${lost.join(", ")} would be gone`
      : "it cannot be judged: what knows the account is not known",
    lost.length > 0
      ? `what starts ${lost[0]} (services.sssd, users.ldap, …), as in your present configuration`
      : `users.users.${now.stranger} = { isNormalUser = true; }; (or log in with an account of this machine)`,
  )];
}
