import { isExcluded } from "../../lib/machine/tree/excluded.ts";
import { gitEnvironment } from "../support/github/git_environment.ts";
import type { SizedRepository } from "../support/sized_repository.ts";
import { type Cost, Hung, measured, median, run, settle } from "./measure.ts";
import {
  archive,
  emptyProgram,
  giget,
  gitClone,
  gitFetch,
  type Peer,
  rawFiles,
  setAside,
  type Situation,
  smartSync,
} from "./peers.ts";
import { type NetworkKind, TestNetwork } from "./test_network.ts";

/** Medians of one peer in one scenario. */
export interface Figure extends Cost {
  readonly connections: number;
  /** Bytes that came through the network. */
  readonly down: number;
}

/** One scenario: how many files differ, or `install` for an empty folder. */
export interface Scenario {
  readonly network: NetworkKind;
  readonly files: number;
  readonly change: number | "install";
  /** By the peer's name. */
  readonly figures: ReadonlyMap<string, Figure>;
  /** Peers that should have a figure and have none, and why. */
  readonly missing: ReadonlyMap<string, string>;
}

/** What is measured over the network. */
export interface NetworkBenchOptions {
  readonly repository: SizedRepository;
  readonly network: NetworkKind;
  readonly changes: readonly (number | "install")[];
  /** Rounds of a scenario. */
  readonly rounds: (change: number | "install") => number;
  /** Why peers, by name, are not tried any more with this repository; what hangs is added. */
  readonly givenUp: Map<string, string>;
  /** Command line of smart-sync; undefined leaves it out. */
  readonly tool: readonly string[] | undefined;
  /** giget's program; undefined where it could not be installed. */
  readonly gigetCli: string | undefined;
  /** A compiled program that does nothing: then only it, smart-sync and its nearest peer are measured. */
  readonly empty?: string | undefined;
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** More raw files than this take longer than anybody waits. */
const MOST_RAW_FILES = 2000;

/** Peers that make no tree of a commit. */
const UNVERIFIED: readonly string[] = ["raw files", emptyProgram("").name];

/** Seconds that a peer may take. The slowest that works needs half of it. */
const PEER_LIMIT = 90;

/** Runs all peers of a scenario in turns, one scenario after the other. */
export async function* benchNetwork(
  options: NetworkBenchOptions,
): AsyncGenerator<Scenario, void, void> {
  await using network = await TestNetwork.start(options.network, options.repository.directory);
  for (const change of options.changes) {
    const scenario = await benchScenario(options, network, change);
    const shown = [...scenario.figures].map(([name, { milliseconds, cpu }]) =>
      `${name} ${Math.round(milliseconds)} (${cpu.toFixed(3)} s of CPU)`
    );
    const where = `${options.repository.files} files, ${options.network.name}, ${change}`;
    options.say(`${where}: ${shown.join(", ")} ms`);
    yield scenario;
  }
}

/** Each result is compared with git's own tree once. */
async function benchScenario(
  options: NetworkBenchOptions,
  network: TestNetwork,
  change: number | "install",
): Promise<Scenario> {
  const { repository, givenUp, say } = options;
  const target = typeof change === "number" && change > 0
    ? repository.changed.get(change)
    : undefined;
  const { peers, missing } = peersOf(options, change);
  if (change === "install") {
    await network.moveMain(repository.base);
    await network.prepareArchives();
  }
  const samples = new Map<string, Figure[]>(peers.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds(change); round++) {
    for (const peer of rotated(peers, round)) {
      const { name } = peer;
      const reason = missing.get(name) ?? givenUp.get(name);
      if (reason !== undefined) {
        missing.set(name, reason);
        continue;
      }
      const folder = `${options.folder}/${name.replaceAll(" ", "-")}-${peer.incremental}`;
      await Deno.mkdir(folder, { recursive: true });
      const situation: Situation = { network, repository, target, folder };
      try {
        samples.get(name)!.push(await measure(peer, situation));
        if (round === 0 && !UNVERIFIED.includes(name)) await verify(peer, situation);
      } catch (error) {
        // A peer that fails or hangs is left out; smart-sync has to work.
        if (name === "smart-sync") throw error;
        say(`${name}: ${error instanceof Error ? error.message : error}`);
        missing.set(name, error instanceof Hung ? error.message : "failed");
        if (error instanceof Hung) givenUp.set(name, `not tried: before, it ${error.message}`);
      }
    }
  }
  const complete = [...samples].filter(([name, of]) => of.length > 0 && !missing.has(name));
  const figures = new Map(complete.map(([name, of]) => [name, mediansOf(of)]));
  return { network: options.network, files: repository.files, change, figures, missing };
}

function peersOf(
  options: NetworkBenchOptions,
  change: number | "install",
): { peers: Peer[]; missing: Map<string, string> } {
  const { repository, tool, gigetCli, empty } = options;
  const missing = new Map<string, string>();
  if (empty !== undefined) {
    const peers = [
      ...(tool ? [smartSync(tool, change !== "install")] : []),
      change === "install" ? archive : gitFetch,
      emptyProgram(empty),
    ];
    return { peers, missing };
  }
  if (change === "install") {
    if (repository.files > MOST_RAW_FILES) {
      missing.set("raw files", `not tried: ${repository.files} files one by one`);
    }
    if (gigetCli === undefined) missing.set("giget", "could not be installed");
    const peers = [
      ...(tool ? [smartSync(tool, false)] : []),
      gitClone,
      archive,
      rawFiles(allPaths),
      ...(gigetCli === undefined ? [] : [giget(gigetCli)]),
    ];
    return { peers, missing };
  }
  const written = ({ target }: Situation) => Promise.resolve(target?.written ?? []);
  const peers = [
    ...(tool ? [smartSync(tool, true)] : []),
    gitFetch,
    ...(change > 0 ? [rawFiles(written)] : []),
  ];
  return { peers, missing };
}

async function measure(peer: Peer, situation: Situation): Promise<Figure> {
  const { network, repository, target } = situation;
  await network.moveMain(repository.base);
  if (!peer.incremental) await setAside(situation);
  await peer.prepare?.(situation);
  await network.moveMain(target?.sha ?? repository.base);
  await settle(situation.folder);
  network.resetTraffic();
  const cost = await measured(peer.command(situation), PEER_LIMIT);
  const { connections, down } = network.traffic;
  return { ...cost, connections, down };
}

/** Throws when a peer's files are not the commit's. */
async function verify(peer: Peer, situation: Situation): Promise<void> {
  const { repository, target, folder } = situation;
  const index = `${folder}/verify-index`;
  const env = {
    ...gitEnvironment,
    PATH: Deno.env.get("PATH") ?? "",
    GIT_INDEX_FILE: index,
  };
  const git = (...args: string[]) => {
    const place = ["--git-dir", repository.directory, "--work-tree", peer.result(situation)];
    const cwd = peer.result(situation);
    return run({ command: "git", args: ["-c", "core.bare=false", ...place, ...args], env, cwd });
  };
  await git("read-tree", target?.sha ?? repository.base);
  const differences = await git(
    ...[
      "status",
      "--porcelain",
      "--no-renames",
      "--untracked-files=all",
      "--ignore-submodules=all",
    ],
  );
  await Deno.remove(index);
  // The first column compares with HEAD, which is another commit; the second one is ours.
  const ours = differences.split("\n").filter((line) =>
    line !== "" && line[1] !== " " && !isExcluded(line.slice(3))
  );
  if (ours.length > 0) {
    throw new Error(`${peer.name}: ${ours.length} paths are wrong: ${ours.slice(0, 5).join(", ")}`);
  }
}

async function allPaths({ repository }: Situation): Promise<string[]> {
  const args = ["--git-dir", repository.directory, "ls-tree", "-r", "--name-only", repository.base];
  const env = { ...gitEnvironment, PATH: Deno.env.get("PATH") ?? "" };
  return (await run({ command: "git", args, env })).trimEnd().split("\n");
}

function mediansOf(figures: readonly Figure[]): Figure {
  const of = (pick: (figure: Figure) => number) => median(figures.map(pick));
  return {
    milliseconds: of(({ milliseconds }) => milliseconds),
    cpu: of(({ cpu }) => cpu),
    connections: of(({ connections }) => connections),
    down: of(({ down }) => down),
  };
}

/** Another peer goes first in every round. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
