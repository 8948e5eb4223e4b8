import { deepEqual } from "node:assert/strict";
import { provePamFiles } from "../../../lib/rebuild/proofs/proof_pam_files.ts";
import { question, rentedServerFacts, rentedServerNow } from "../../support/facts.ts";

const STACK = "account required pam_access.so\nauth sufficient pam_unix.so\n";

function refused(
  then: Record<string, string> | undefined,
  next: Record<string, string> | undefined,
  { sshd = STACK, now = rentedServerNow() } = {},
): (string | undefined)[] {
  const facts = (files: Record<string, string> | undefined) =>
    rentedServerFacts((one) => {
      one.pam = { sshd, login: "account required pam_time.so\n" };
      if (files !== undefined) one.pamFiles = files;
    });
  return provePamFiles(question(facts(then), facts(next), now)).map(({ remedy }) => remedy);
}

Deno.test("provePamFiles() refuses another file for a module that decides by one", () => {
  const access = ['environment.etc."security/access.conf", as in your present configuration'];
  deepEqual(refused({ "access.conf": "1" }, { "access.conf": "2" }), access);
  deepEqual(refused({ "access.conf": "1" }, {}), access);
  deepEqual(refused({}, { "access.conf": "1" }), access);
  deepEqual(refused({ "access.conf": "1" }, { "access.conf": "1", "time.conf": "1" }), []);
  deepEqual(refused({ "access.conf": "1" }, { "access.conf": "2" }, { sshd: "" }), []);
  // The record of an older tool does not know them.
  deepEqual(refused(undefined, { "access.conf": "1" }), []);
});

Deno.test("provePamFiles() looks into included stacks, and at the way in that people take", () => {
  const included = rentedServerNow({ pam: { common: STACK } });
  const sshd = "account include common\n";
  deepEqual(
    refused({ "access.conf": "1" }, { "access.conf": "2" }, { sshd, now: included }).length,
    1,
  );
  const hash = rentedServerNow().accounts.map((one) => ({ ...one, password: "hash" as const }));
  const now = rentedServerNow({ session: { kind: "console" }, accounts: hash });
  deepEqual(refused({ "access.conf": "1" }, { "access.conf": "2" }, { now }), []);
  deepEqual(refused({ "time.conf": "1" }, { "time.conf": "2" }, { now }).length, 1);
});
