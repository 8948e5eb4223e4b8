import { deepEqual } from "node:assert/strict";
import { proveInterfaceNames } from "../../../lib/rebuild/proofs/proof_interface_names.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";

const RULE = 'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="52:54:00:12:34:56", NAME="lan0"';

function judged(
  before: string,
  after: string,
  predictable: [boolean | null, boolean | null] = [null, null],
) {
  const facts = (rules: string, usePredictable: boolean | null) =>
    rentedServerFacts((facts) => {
      const said = [{ value: rules, priority: 100 }] as never;
      facts.plain = [{ name: "services.udev.extraRules", said }];
      facts.network.usePredictableInterfaceNames = usePredictable;
    });
  return proveInterfaceNames(
    question(facts(before, predictable[0]), facts(after, predictable[1])),
  ).map(({ why }) => why);
}

Deno.test("proveInterfaceNames() keeps the rules that name interfaces, whatever stands around them", () => {
  deepEqual(judged(RULE, `# mine\n  ${RULE}\nKERNEL=="sda", MODE="0600"\n`), []);
  deepEqual(judged(RULE, ""), [`a rule that names one would be gone: ${RULE}`]);
  deepEqual(judged(RULE, `# ${RULE}`), [`a rule that names one would be gone: ${RULE}`]);
  deepEqual(judged(RULE, RULE.replace("lan0", "lan1")), [
    `a rule that names one would be gone: ${RULE}`,
  ]);
  // Rules that name nothing are of no matter here.
  deepEqual(judged('SUBSYSTEM=="net", RUN+="/bin/x"', ""), []);
  deepEqual(judged(`#${RULE}`, ""), []);
});

Deno.test("proveInterfaceNames() refuses another way of naming; NixOS's own is the predictable one", () => {
  const changed = ["the way they are named changes, and addresses belong to names"];
  deepEqual(judged("", "", [true, false]), changed);
  deepEqual(judged("", "", [null, false]), changed);
  deepEqual(judged("", "", [null, true]), []);
  deepEqual(proveInterfaceNames(question(undefined, rentedServerFacts())), []);
});
