import { counted } from "../layout/counted.ts";
import { sign, style, visibleWidth } from "../layout/style.ts";
import { table } from "../layout/table.ts";
import { GROUPS, type Status } from "./check.ts";
import type { Repair } from "./repair.ts";
import { type CheckResult, type Report, withStatus } from "./validate.ts";

/** Told apart by their shape; colour only repeats it. */
const SYMBOLS: Readonly<Record<Status, string>> = {
  pass: style.green(sign.pass),
  warn: style.yellow(sign.warn),
  fail: style.red(sign.fail),
  skip: style.dim(sign.skip),
};

/** The report for people: a table per group, a line per check, the remedy below what needs one. */
export function renderReport(report: Report, columns: number, verbose: boolean): string {
  const width = Math.max(...report.results.map(({ check }) => visibleWidth(check.title)));
  return GROUPS.flatMap((group) => {
    const results = report.results.filter(({ check }) => check.group === group);
    if (results.length === 0) return [];
    const rows = results.flatMap((result) => rowsOf(result, width, verbose));
    return [`${style.bold(group)}\n${table(["", "", ""], rows, columns)}`];
  }).join("\n\n");
}

/** What was repaired, with before and after, and what was tried in vain. */
export function renderRepairs(repairs: readonly Repair[], columns: number): string {
  const rows = repairs.flatMap(({ result, changes, error }) =>
    error === undefined
      ? changes.map((change) => [
        style.green(sign.pass),
        result.check.title,
        `${oneLine(change.what)}: ${change.before} ${sign.leads} ${change.after}`,
      ])
      : [[style.red(sign.fail), result.check.title, `could not be repaired: ${oneLine(error)}`]]
  );
  const heading = style.bold("Repaired");
  return rows.length === 0
    ? `\n${heading}\n  nothing: nothing of it is safe to repair without a person`
    : `\n${heading}\n${table(["", "", ""], rows, columns)}`;
}

/** `41 passed, 1 warning, 2 failed, 3 skipped` */
export function renderCounts(report: Report): string {
  const count = (status: Status) => withStatus(report, status).length;
  const [warnings, failed, skipped] = [count("warn"), count("fail"), count("skip")];
  return [
    `${count("pass")} passed`,
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join(", ");
}

/** @param width of all titles, so that the groups' tables are aligned with each other */
function rowsOf(result: CheckResult, width: number, verbose: boolean): string[][] {
  const { check, status, detail, remedy, items = [] } = result;
  const said = status === "skip" ? `skipped: ${detail}` : detail;
  return [
    [SYMBOLS[status], check.title.padEnd(width), oneLine(said)],
    ...(verbose ? items.map((item) => ["", "", `${sign.item} ${oneLine(item)}`]) : []),
    ...(remedy === undefined ? [] : [["", "", `${sign.next} ${oneLine(remedy)}`]]),
  ];
}

/** Warnings of a configuration have paragraphs, and a file's name can have lines that look like ours. */
function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
