import { doesNotMatch, match } from "node:assert/strict";
import type { PlanFigures } from "./plan_bench.ts";
import { planReport } from "./plan_report.ts";

const cost = (cpu: number) => ({ cpu, milliseconds: cpu * 2000 });
const FIGURES: PlanFigures = {
  ...{ old: cost(5), new: cost(6), plan: cost(12) },
  share: { cpu: 1.09, wall: 1.5 },
  lines: 97,
};

Deno.test("planReport() holds a plan against its two evaluations, and marks what is too much", () => {
  const text = planReport("Here.", FIGURES);
  match(text, /^## The plan of a machine\n\nHere\.\n/);
  match(text, /\| `system-installer --dry-run` \| 12\.00 \| 24\.00 \|/);
  match(text, /\| its share of the two \| 1\.09 \(1\.5\) \| 1\.50 \(1\.5\) \|/);
  doesNotMatch(text, /\*\*/);
  const slow = planReport("Here.", { ...FIGURES, share: { cpu: 1.51, wall: 1 }, lines: 101 });
  match(slow, /\*\*1\.51\*\* \(1\.5\)/);
  match(slow, /\*\*101\*\* \(100\) lines/);
});
