import type { LocalFigures } from "./local_bench.ts";
import type { Figure, Scenario } from "./network_bench.ts";
import { judge, type Results, type Target } from "./targets.ts";

/** What the report says beside the figures. */
export interface ReportHead {
  readonly machine: string;
  readonly tool: string;
  readonly rounds: string;
  /** What else kept the machine busy. */
  readonly load: string;
  /** False while there is more to be measured. */
  readonly complete: boolean;
}

/** The report in Markdown. */
export function report(head: ReportHead, results: Results): string {
  const parts = [
    "# Benchmarks",
    "Written by `deno task bench`; do not edit. All peers ran in turns in one run; figures are medians. " +
    "Compare ratios: seconds depend on the machine.",
    `Machine: ${head.machine}. smart-sync: ${head.tool}. ${head.rounds} ${head.load}`,
    ...(head.complete ? [] : ["This run was stopped: what it had not measured is not here."]),
    "The network is a model: a proxy that delays every byte by half a round trip, lets all connections " +
    "share the bandwidth in each direction, and makes a new connection wait as long as TCP and TLS take " +
    "(three round trips to its first answer). It models no loss and no slow start. The server is the GitHub " +
    "stand-in of the tests over real, generated git repositories; API, raw files, archives and git are " +
    "different hosts to it.",
    ...byNetwork(results.scenarios),
    ...results.local.map(localPart),
    ...(results.startup
      ? [
        "## Start-up",
        table(["compiled program", "ms"], [
          ["smart-sync --help", results.startup.help.toFixed(1)],
          ["empty", results.startup.empty.toFixed(1)],
        ]),
      ]
      : []),
    targetsPart(judge(results)),
  ];
  return parts.join("\n\n") + "\n";
}

function byNetwork(scenarios: readonly Scenario[]): string[] {
  const groups = Map.groupBy(
    scenarios,
    ({ files, network }) => `${files} files, ${network.description}`,
  );
  return [...groups].flatMap(([title, group]) => {
    const peers = [
      ...new Set(group.flatMap(({ figures, missing }) => [...figures.keys(), ...missing.keys()])),
    ];
    const header = ["changed files", ...peers, "smart-sync's traffic"];
    const rows = group.map(({ change, figures, missing }) => [
      changeText(change),
      ...peers.map((peer) => missing.has(peer) ? "—" : seconds(figures.get(peer))),
      traffic(figures.get("smart-sync")),
    ]);
    const notes = group.flatMap(({ change, missing }) =>
      [...missing].map(([peer, reason]) => `- — ${peer}, ${changeText(change)}: ${reason}`)
    );
    return [
      `## ${title}`,
      "Seconds.",
      table(header, rows),
      ...(notes.length > 0 ? [notes.join("\n")] : []),
    ];
  });
}

function changeText(change: Scenario["change"]): string {
  return change === "install" ? "all (first install)" : String(change);
}

function seconds(figure: Figure | undefined): string {
  return figure === undefined ? "" : (figure.milliseconds / 1000).toFixed(2);
}

function traffic(figure: Figure | undefined): string {
  if (figure === undefined) return "";
  const { connections } = figure;
  const unit = connections === 1 ? "connection" : "connections";
  return `${Math.round(figure.down / 1000)} kB, ${connections} ${unit}`;
}

function localPart({ files, check, hash, memory }: LocalFigures): string {
  const ms = (value: number) => `${Math.round(value)} ms`;
  return [
    `## ${files} files, no network`,
    table(["work", "smart-sync", "git"], [
      [
        "is the tree unchanged? (`--check-only`; `git status`)",
        ms(check.smartSync),
        ms(check.gitStatus),
      ],
      [
        "the same after all times changed (`--check-only`; `git hash-object --stdin-paths`)",
        ms(hash.smartSync),
        ms(hash.gitHashObject),
      ],
    ]),
    "Peak memory of smart-sync:",
    table(
      ["work", "MB"],
      [...memory].map(([what, bytes]) => [what, String(Math.round(bytes / 1e6))]),
    ),
  ].join("\n\n");
}

function targetsPart(targets: readonly Target[]): string {
  const missed = targets.filter(({ met }) => !met);
  const reasons = [...new Set(missed.map(({ why }) => why))];
  return [
    "## Targets",
    `${targets.length - missed.length} of ${targets.length} are met.`,
    table(
      ["what", "measured", "at most", ""],
      targets.map(({ what, measured, limit, met }) => [
        what,
        measured,
        limit,
        met ? "met" : "**missed**",
      ]),
    ),
    ...(reasons.length > 0
      ? ["Why they are missed:", reasons.map((why) => `- ${why}`).join("\n")]
      : []),
  ].join("\n\n");
}

/** A table in Markdown. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
