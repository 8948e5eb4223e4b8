import type { Scenario } from "./network_bench.ts";
import { table } from "./report.ts";
import { OWN_PARTS } from "./report_parts.ts";

/** At most so much of the peer's, by changed files: CPU and wall on loopback, wall through the fast network. */
interface Limits {
  readonly loopback: number;
  readonly network: number;
}
const UPDATE_NETWORK: readonly (readonly [files: number, limit: number])[] = [
  [0, 0.55],
  [100, 0.85],
  [Infinity, 0.95],
];
const INSTALL: Limits = { loopback: 1.5, network: 1.05 };

const [HEADING] = OWN_PARTS;

/** What the CPU time goes into, found with perf(1), V8's profiler and executables that end half-way. */
const WHY =
  "Where the shares are missed: a start reads and compiles 190 kB of JavaScript when nothing is new, 315 for " +
  "an update and 355 for a first install, runs nearly all of it once and interpreted, and V8 does so at every start, " +
  "because the file in which it would keep compiled code could be planted by others: that is more than a third of the main " +
  "thread's time when nothing is new, nearly half for 4 files, and what is left is many functions of which each " +
  "runs for the first time. An HTTP client of the runtime's and one request take 6 ms more than the empty program, the C " +
  "library through FFI 2. A first install adds unpacking and making files, which cost what they cost tar, streams, " +
  "and hashes, journal and index, which tar has not. Without TLS git does little; GitHub is reached by TLS only, " +
  "where git and curl read certificates and start a library that the runtime has in it. Making files on a busy " +
  "ext4 takes several times the CPU that it takes in memory, of both, and hides the difference.";

/** What was measured of one history. */
export interface MeasuredHistory {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
}

/**
 * The part of the report about real histories: what smart-sync takes beyond an empty program, as shares
 * of what its peer takes.
 * @param where which machine and tool
 */
export function historyReport(where: string, histories: readonly MeasuredHistory[]): string {
  const tables = histories.map(({ name, scenarios }) => `### ${name}\n\n${tableOf(scenarios)}`);
  return [
    HEADING,
    where,
    "Seconds are CPU, user and system, children included; medians. The shares are of the peer's: of CPU " +
    "what smart-sync takes beyond the empty program; of wall time likewise on loopback, and all of it " +
    "through a network. In brackets what they should be at most.",
    ...tables,
    ...(tables.some((text) => text.includes("**")) ? [WHY] : []),
  ].join("\n\n") + "\n";
}

function tableOf(scenarios: readonly Scenario[]): string {
  const header = ["files", "network", "peer", "smart-sync", "empty program", "peer's"];
  const rows = scenarios.map(rowOf);
  const notes = scenarios.flatMap((scenario) =>
    [...scenario.missing].map(([peer, why]) => `- — ${peer}, ${filesText(scenario)}: ${why}`)
  );
  return [
    table([...header, "share of CPU", "share of wall time"], rows),
    ...(notes.length > 0 ? [[...new Set(notes)].join("\n")] : []),
  ].join("\n\n");
}

function rowOf(scenario: Scenario): string[] {
  const { change, network, figures, missing } = scenario;
  const peerName = change === "install" ? "archive" : "git fetch";
  const [ours, empty] = [figureOf(scenario, "smart-sync"), figureOf(scenario, "empty program")];
  const peer = figures.get(peerName);
  if (peer === undefined && !missing.has(peerName)) throw new Error(`${peerName} was not measured`);
  const isLocal = network.wan === undefined;
  const limits = limitsOf(change);
  return [
    filesText(scenario),
    network.description,
    peerName,
    ...[ours, empty, peer].map((figure) => figure?.cpu.toFixed(3) ?? "—"),
    ...(peer === undefined ? ["—", "—"] : [
      judged((ours.cpu - empty.cpu) / peer.cpu, limits.loopback),
      isLocal
        ? judged((ours.milliseconds - empty.milliseconds) / peer.milliseconds, limits.loopback)
        : judged(ours.milliseconds / peer.milliseconds, limits.network),
    ]),
  ];
}

function filesText({ change, files }: Scenario): string {
  return change === "install" ? `first install of ${files}` : `${change} of ${files}`;
}

function figureOf({ figures }: Scenario, name: string) {
  const figure = figures.get(name);
  if (figure === undefined) throw new Error(`${name} was not measured`);
  return figure;
}

function limitsOf(change: Scenario["change"]): Limits {
  if (change === "install") return INSTALL;
  return { loopback: 1, network: UPDATE_NETWORK.find(([files]) => change <= files)![1] };
}

function judged(share: number, limit: number): string {
  const text = share.toFixed(2);
  return `${share <= limit ? text : `**${text}**`} (${limit})`;
}
