import type { Cost } from "./measure.ts";
import type { PlanFigures } from "./plan_bench.ts";
import { table } from "./report.ts";
import { OWN_PARTS } from "./report_parts.ts";

/** At most so much of the two evaluations, of CPU and of wall time. */
const LIMIT = 1.5;
/** Two screens. */
const LINES = 100;

/**
 * The part of the report about a plan.
 * @param where which machine, tool and nixpkgs
 */
export function planReport(where: string, figures: PlanFigures): string {
  const row = (what: string, { cpu, milliseconds }: Cost) => [
    what,
    cpu.toFixed(2),
    (milliseconds / 1000).toFixed(2),
  ];
  const judged = (value: number, limit: number, digits: number) => {
    const text = value.toFixed(digits);
    return `${value <= limit ? text : `**${text}**`} (${limit})`;
  };
  const { cpu, wall } = figures.share;
  return [
    OWN_PARTS[1],
    where,
    "Seconds, medians; CPU is user and system, children included. In brackets what it should be at most.",
    table(["", "CPU", "wall"], [
      row("the owner's system, evaluated alone", figures.old),
      row("the new system, evaluated alone", figures.new),
      row("`system-installer --dry-run`", figures.plan),
      ["its share of the two", judged(cpu, LIMIT, 2), judged(wall, LIMIT, 2)],
    ]),
    `The plan has ${judged(figures.lines, LINES, 0)} lines of 80 columns.`,
  ].join("\n\n") + "\n";
}
