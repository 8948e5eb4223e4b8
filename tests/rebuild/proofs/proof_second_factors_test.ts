import { deepEqual } from "node:assert/strict";
import { proveSecondFactors } from "../../../lib/rebuild/proofs/proof_second_factors.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";
import type { Change } from "./refused.ts";

const TOTP =
  "auth required /nix/store/abc-oath/lib/security/pam_oath.so usersfile=/etc/oath window=20\n";
const UNIX = "auth sufficient pam_unix.so\n";

function afterPam(now: string, after: string | undefined) {
  const made = rentedServerFacts((facts) => {
    if (after !== undefined) facts.pam = { sshd: after };
  });
  return proveSecondFactors(question(made, made, { pam: { sshd: now } })).map(({ why }) => why);
}

Deno.test("proveSecondFactors() misses a module that PAM demands now", () => {
  const gone = ["pam_oath.so would be gone from its PAM stack, or be another"];
  deepEqual(afterPam(TOTP + UNIX, UNIX), gone);
  deepEqual(afterPam(TOTP + UNIX, TOTP.replace("required", "optional") + UNIX), gone);
  deepEqual(afterPam(TOTP + UNIX, TOTP.replace("/etc/oath", "/tmp/oath") + UNIX), gone);
  // Where it lies in the store, and the order of its words, differ between releases.
  const moved = "auth required /nix/store/xyz-oath/lib/pam_oath.so window=20 usersfile=/etc/oath\n";
  deepEqual(afterPam(TOTP + UNIX, UNIX + moved), []);
  // What is no demand, or is known not to be one.
  deepEqual(afterPam(TOTP.replace("required", "optional"), UNIX), []);
  deepEqual(afterPam(TOTP.replace("auth", "session"), UNIX), []);
  deepEqual(afterPam("auth required pam_faildelay.so\n", UNIX), []);
  deepEqual(afterPam(TOTP, undefined), [], "the stack of the new system is not known");
});

Deno.test("proveSecondFactors() asks for what the SSH server asks, not for what others do", () => {
  const pam = { sshd: UNIX, login: TOTP + UNIX, sudo: TOTP + UNIX };
  const facts = rentedServerFacts((one) => one.pam = pam);
  deepEqual(proveSecondFactors(question(facts, facts, { pam })), []);
  // Of a stack that is included the rules count, wherever they are written down.
  const included = { sshd: "auth include common\n", common: TOTP + UNIX };
  const made = rentedServerFacts((one) => one.pam = { sshd: included.sshd });
  deepEqual(proveSecondFactors(question(made, made, { pam: included })), []);
  const flat = rentedServerFacts((one) => one.pam = { sshd: UNIX });
  deepEqual(proveSecondFactors(question(made, flat, { pam: included })).length, 1);
});

Deno.test("proveSecondFactors() keeps lists of methods that all want several", () => {
  const settings = (methods: string | string[]): Change => ({ ssh }) =>
    ssh.otherSettings.AuthenticationMethods = methods;
  const text = (words: string): Change => ({ ssh }) =>
    ssh.extraConfig = `Match User a\n  AuthenticationMethods ${words}\n`;
  const judged = (before: Change, after: Change) =>
    proveSecondFactors(question(rentedServerFacts(before), rentedServerFacts(after)))
      .map(({ why }) => why);
  const both = "publickey,password publickey,keyboard-interactive";
  const gone = [`AuthenticationMethods would no longer be "${both}"`];
  deepEqual(judged(settings(both), () => {}), gone);
  deepEqual(judged(settings(both), settings("publickey")), gone);
  deepEqual(judged(text(both), () => {}), gone);
  deepEqual(judged(settings(both), settings(both.split(" "))), []);
  deepEqual(judged(text(`"${both}"`), text(both)), []);
  // One of its lists wants one method only: no second factor.
  deepEqual(judged(settings("publickey,password publickey"), () => {}), []);
});
