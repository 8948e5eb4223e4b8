import type { StruckRun } from "./struck_run.ts";

/** What became of one case. */
export interface CaseResult {
  readonly seed: number;
  readonly kind: string;
  readonly runs: readonly StruckRun[];
  /** Runs that met a fault of the network. */
  readonly networkHits: number;
  readonly problems: readonly string[];
  readonly seconds: number;
}

/** The table at the end: what was tried, what was really hit, how it ended, what failed. */
export function summary(results: readonly CaseResult[]): string {
  const kinds = [...new Set(results.map(({ kind }) => kind))].sort();
  const rows = [...kinds.map((kind) => row(kind, results.filter((one) => one.kind === kind)))];
  if (kinds.length > 1) rows.push(row("all", results));
  const head = ["kind", "cases", "runs", "struck", "hit", "network", "seconds", "failed"];
  const failed = results.filter(({ problems }) => problems.length > 0);
  return [
    "",
    ...table([head, ...rows]),
    "",
    "strikes that were delivered, and the exit codes of those runs",
    ...table(strikes(results)),
    "",
    `exit codes of all runs: ${codes(results.flatMap(({ runs }) => runs))}`,
    failed.length === 0
      ? "every promise was kept"
      : `broken promises in ${failed.length} of ${results.length} cases:`,
    ...failed.map(({ seed, kind, problems }) =>
      `  seed ${seed} (${kind}): ${problems[0]!.split("\n")[0]!.slice(0, 160)}`
    ),
    "",
  ].join("\n");
}

function row(name: string, results: readonly CaseResult[]): string[] {
  const runs = results.flatMap((result) => result.runs);
  const count = (of: (run: StruckRun) => boolean) => String(runs.filter(of).length);
  const sum = (of: (result: CaseResult) => number) => results.reduce((n, one) => n + of(one), 0);
  return [
    name,
    String(results.length),
    String(runs.length),
    count(({ strike }) => strike !== undefined),
    count(({ hit }) => hit),
    String(sum(({ networkHits }) => networkHits)),
    sum(({ seconds }) => seconds).toFixed(0),
    String(results.filter(({ problems }) => problems.length > 0).length),
  ];
}

function strikes(results: readonly CaseResult[]): string[][] {
  const hit = results.flatMap(({ runs }) => runs).filter((run) => run.hit);
  const names = [...new Set(hit.map(nameOf))].sort();
  return names.map((name) => {
    const runs = hit.filter((run) => nameOf(run) === name);
    return [name, String(runs.length), codes(runs)];
  });
}

function nameOf({ strike }: StruckRun): string {
  if (strike === undefined || strike.kind === "pipe") return "output closed";
  if (strike.kind === "error") return strike.error;
  return strike.kind === "timed" ? `${strike.signal} by the clock` : strike.signal;
}

function codes(runs: readonly StruckRun[]): string {
  const counts = new Map<number, number>();
  for (const { code } of runs) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).map(([code, count]) => `${code} (${count})`)
    .join(", ");
}

function table(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    "  " + row.map((cell, column) => cell.padEnd(widths![column]!)).join("  ").trimEnd()
  );
}
