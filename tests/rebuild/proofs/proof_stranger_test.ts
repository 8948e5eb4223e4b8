/** People of a directory (LDAP, SSSD) work on this machine, too. */
import { deepEqual, match } from "node:assert/strict";
import { proveStranger } from "../../../lib/rebuild/proofs/proof_stranger.ts";
import { configurationFacts, question } from "../../support/facts.ts";

const facts = (...services: string[]) => configurationFacts((f) => f.services = services);

Deno.test("proveStranger() refuses to forget whoever is at work", () => {
  const why = (before: string[], after: string[]) =>
    proveStranger(question(facts(...before), facts(...after), { stranger: "jane@corp" }))
      .map((one) => [one.ok, one.why]);
  deepEqual(why(["sssd"], []), [[false, "sssd would be gone"]]);
  deepEqual(why(["sssd"], ["sssd"]), [[true, "by sssd"]]);
  match(String(why([], [])[0]), /false,it cannot be judged/);
  deepEqual(proveStranger(question(facts(), facts())), []);
});
