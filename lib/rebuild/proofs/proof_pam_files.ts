import { withIncluded } from "../access/pam_access.ts";
import { stackOf } from "../access/pam_stack.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, type Verdict } from "./verdict.ts";

/** What modules read below /etc/security, where no word of their rule names another file. */
const READS: Readonly<Record<string, string>> = {
  "pam_access.so": "access.conf",
  "pam_faillock.so": "faillock.conf",
  "pam_time.so": "time.conf",
};

/**
 * Whether the files that decide for a PAM stack whom it lets in say what they say now: nobody here can read
 * them. A module that is new is the proof of access's business. Pure.
 */
export function provePamFiles({ before, after, now, way }: ProofQuestion): Verdict[] {
  const [then, next] = [before?.pamFiles, after.pamFiles];
  if (then === undefined || next === undefined || after.pam === undefined) return [];
  const service = way === "ssh" ? "sshd" : "login";
  const read = stackOf(withIncluded(after.pam, now, service), service)
    .flatMap(({ module }) => READS[module] ?? []);
  const other = read.find((file) => then[file] !== next[file]);
  return other === undefined ? [] : [fails(
    "login",
    `what the PAM stack of ${service} reads lets in whom it lets in now`,
    `it cannot be judged: /etc/security/${other} would be another`,
    `environment.etc."security/${other}", as in your present configuration`,
  )];
}
