import { gitEnvironment } from "../support/github/git_environment.ts";
import type { SizedRepository } from "../support/sized_repository.ts";
import { median, run, settle, timed } from "./measure.ts";
import {
  archive,
  clear,
  giget,
  gitClone,
  gitFetch,
  type Peer,
  rawFiles,
  type Situation,
  smartSync,
} from "./peers.ts";
import { type NetworkKind, TestNetwork } from "./test_network.ts";

/** Medians of one peer in one scenario. */
export interface Figure {
  readonly milliseconds: number;
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
}

/** What is measured over the network. */
export interface NetworkBenchOptions {
  readonly repository: SizedRepository;
  readonly network: NetworkKind;
  readonly changes: readonly (number | "install")[];
  readonly iterations: number;
  /** Command line of smart-sync; undefined leaves it out. */
  readonly tool: readonly string[] | undefined;
  /** giget's program; undefined leaves it out. */
  readonly gigetCli: string | undefined;
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** More raw files than this take longer than anybody waits. */
const MOST_RAW_FILES = 2000;

/** Runs all peers of all scenarios in turns; each result is compared with git's own tree once. */
export async function benchNetwork(options: NetworkBenchOptions): Promise<Scenario[]> {
  const { network: kind, repository, say } = options;
  await using network = await TestNetwork.start(kind, repository.directory);
  const scenarios: Scenario[] = [];
  for (const change of options.changes) {
    const target = typeof change === "number" && change > 0
      ? repository.changed.get(change)
      : undefined;
    const peers = peersOf(options, change);
    const samples = new Map<string, Figure[]>(peers.map(({ name }) => [name, []]));
    for (let round = 0; round < options.iterations; round++) {
      for (const peer of rotated(peers, round)) {
        const folder = `${options.folder}/${peer.name.replaceAll(" ", "-")}-${peer.incremental}`;
        await Deno.mkdir(folder, { recursive: true });
        const situation: Situation = { network, repository, target, folder };
        // A peer that fails or hangs is left out; smart-sync has to work.
        const figure = await measure(peer, situation).catch((error) => {
          if (peer.name === "smart-sync") throw error;
          say(`${peer.name} failed: ${error instanceof Error ? error.message : error}`);
        });
        if (!figure) continue;
        samples.get(peer.name)!.push(figure);
        if (round === 0 && peer.name !== "raw files") await verify(peer, situation);
      }
    }
    const figures = new Map(
      [...samples].filter(([, of]) => of.length > 0).map(([name, of]) => [name, mediansOf(of)]),
    );
    scenarios.push({ network: kind, files: repository.files, change, figures });
    const shown = [...figures].map(([name, { milliseconds }]) =>
      `${name} ${Math.round(milliseconds)}`
    );
    say(`${repository.files} files, ${kind.name}, ${change}: ${shown.join(", ")} ms`);
  }
  return scenarios;
}

function peersOf(options: NetworkBenchOptions, change: number | "install"): Peer[] {
  const { repository, tool, gigetCli } = options;
  if (change === "install") {
    return [
      ...(tool ? [smartSync(tool, false)] : []),
      gitClone,
      archive,
      ...(repository.files <= MOST_RAW_FILES ? [rawFiles(allPaths)] : []),
      ...(gigetCli === undefined ? [] : [giget(gigetCli)]),
    ];
  }
  const written = ({ target }: Situation) => Promise.resolve(target?.written ?? []);
  return [
    ...(tool ? [smartSync(tool, true)] : []),
    gitFetch,
    ...(change > 0 ? [rawFiles(written)] : []),
  ];
}

async function measure(peer: Peer, situation: Situation): Promise<Figure> {
  const { network, repository, target } = situation;
  await network.moveMain(repository.base);
  if (!peer.incremental) await clear(situation);
  await peer.prepare?.(situation);
  await network.moveMain(target?.sha ?? repository.base);
  await settle(situation.folder);
  network.resetTraffic();
  const milliseconds = await timed(peer.command(situation));
  const { connections, down } = network.traffic;
  return { milliseconds, connections, down };
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
  const differences = await git("status", "--porcelain", "--no-renames", "--untracked-files=all");
  await Deno.remove(index);
  // The first column compares with HEAD, which is another commit; the second one is ours.
  const ours = differences.split("\n").filter((line) => line !== "" && line[1] !== " ");
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
    connections: of(({ connections }) => connections),
    down: of(({ down }) => down),
  };
}

/** Another peer goes first in every round. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
