import { equal } from "node:assert/strict";
import { OWN_PARTS, partOf, withPart, withPartsOf } from "./report_parts.ts";

const [history, plan] = OWN_PARTS;
const REPORT = "# Benchmarks\n\nAll.\n";
const part = (heading: string, text: string) => `${heading}\n\n${text}\n`;

Deno.test("withPart() replaces one part of a report, and leaves the others", () => {
  const first = withPart(REPORT, history, part(history, "One."));
  equal(first, `${REPORT}\n${part(history, "One.")}`);
  const both = withPart(first, plan, part(plan, "Two."));
  equal(partOf(both, history), part(history, "One.") + "\n");
  equal(partOf(both, plan), part(plan, "Two."));
  const renewed = withPart(both, history, part(history, "$& costs."));
  equal(renewed, `${REPORT}\n${part(history, "$& costs.")}\n${part(plan, "Two.")}`);
  equal(withPart(withPart(renewed, history, ""), plan, ""), REPORT);
  equal(partOf(REPORT, plan), "");
});

Deno.test("withPartsOf() keeps what a run has not measured", () => {
  const old = withPart(withPart(REPORT, history, part(history, "One.")), plan, part(plan, "Two."));
  equal(withPartsOf("# New\n", old), old.replace(REPORT, "# New\n"));
  equal(withPartsOf("# New\n", REPORT), "# New\n");
});
