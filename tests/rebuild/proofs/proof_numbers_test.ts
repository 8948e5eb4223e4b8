import { deepEqual, equal } from "node:assert/strict";
import { proveNumbers } from "../../../lib/rebuild/proofs/proof_numbers.ts";
import { question, rentedServerFacts, rentedServerNow } from "../../support/facts.ts";

const [root] = rentedServerNow().accounts;
const account = (name: string, uid: number) => ({ ...root!, name, uid });
const NOW = { accounts: [root!, account("sshd", 999), account("toor", 0)] };

/** What is refused where a configuration declares these. */
function refused(declared: Readonly<Record<string, number | null>>, now = {}) {
  const facts = rentedServerFacts(({ users }) => {
    const [first] = users.accounts;
    for (const [name, uid] of Object.entries(declared)) {
      users.accounts.push({ ...first!, name, uid });
    }
  });
  const verdicts = proveNumbers(question(undefined, facts, { ...NOW, ...now }));
  equal(verdicts.every(({ ok }) => !ok), true);
  return verdicts.map(({ what, why, remedy }) => [what, why, remedy]);
}

Deno.test("proveNumbers() refuses an account with the number of another that stays", () => {
  const why = "it would be 999, which is sshd: each could do what the other may";
  const verdict = ["operator has a number of its own", why, "another users.users.operator.uid"];
  deepEqual(refused({ operator: 999 }), [verdict]);
  // Declared without a number, it keeps the one that it has.
  deepEqual(refused({ operator: 999, sshd: null }), [verdict]);
});

Deno.test("proveNumbers() says nothing of numbers that are free, given by NixOS, or shared already", () => {
  deepEqual(refused({ operator: 998, other: null, sshd: 998, toor: 7 }), []);
  // The activation removes who has it now.
  deepEqual(refused({ operator: 999 }, { declaredBefore: ["sshd"] }), []);
});
