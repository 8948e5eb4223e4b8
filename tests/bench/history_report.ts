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
  "Where the shares are missed: V8's compiled code of a tool is packed with it, and reading it and its script takes " +
  "5 ms of each start; what is left is interpreted, many functions of which each runs for the first time. An HTTP " +
  "client of the runtime's and one request take 6 ms more than the empty program, the C library through FFI 2. A " +
  "first install adds unpacking and making files, which cost what they cost tar, streams, and hashes, journal and " +
  "index, which tar has not. Without TLS git does little; GitHub is reached by TLS only, where git and curl read " +
  "certificates and start a library that the runtime has in it. Making files on a busy ext4 takes several times " +
  "the CPU that it takes in memory, of both, and hides the difference. A runtime of 2.9 takes 13 ms to have any of " +
  "Node's modules, of which the one for compiled code is one: there nothing new costs 10 ms more than without, " +
  "and 4 to 500 files 13 to 21 less.";

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
