import type { SizedRepository } from "../support/sized_repository.ts";
import { type Command, median, peakMemory, run, settle, timed } from "./measure.ts";
import { baseEnvironment, gitFetch, type Situation, smartSync } from "./peers.ts";
import { loopback, TestNetwork } from "./test_network.ts";

/** Work that no network slows down. Milliseconds, medians; bytes. */
export interface LocalFigures {
  readonly files: number;
  /** Is the tree as the last sync left it? One request to a server without delay is part of it. */
  readonly check: { readonly smartSync: number; readonly gitStatus: number };
  /** The same when the times of every file have changed. */
  readonly hash: { readonly smartSync: number; readonly gitHashObject: number };
  /** Peaks by what was done. */
  readonly memory: ReadonlyMap<string, number>;
}

/** What is measured on this machine alone. */
export interface LocalBenchOptions {
  readonly repository: SizedRepository;
  readonly tool: readonly string[];
  readonly iterations: number;
  readonly folder: string;
}

/** Checks, hashes and syncs trees of a repository on loopback. */
export async function benchLocal(options: LocalBenchOptions): Promise<LocalFigures> {
  const { repository, tool, iterations } = options;
  await using network = await TestNetwork.start(loopback, repository.directory);
  const at = async (name: string): Promise<Situation> => {
    const folder = `${options.folder}/${name}`;
    await Deno.mkdir(folder, { recursive: true });
    return { network, repository, target: undefined, folder };
  };
  const ours = await at("smart-sync-true");
  const theirs = await at("git-fetch-true");
  const peer = smartSync(tool, true);
  await network.moveMain(repository.base);
  await peer.prepare?.(ours);
  await gitFetch.prepare?.(theirs);
  const sync = peer.command(ours);
  const checkOnly: Command = { ...sync, args: [...sync.args, "--check-only"] };
  const git = (script: string): Command => ({
    command: "sh",
    args: ["-euc", script],
    cwd: `${theirs.folder}/work`,
    env: baseEnvironment(theirs),
  });
  const status = git("git status --porcelain");
  const hashObject = git("git ls-files | git hash-object --stdin-paths >/dev/null");

  const [checks, statuses] = await inTurns(iterations, checkOnly, status);
  const source = peer.result(ours);
  const touchAll = async () => {
    const env = baseEnvironment(ours);
    const args = [source, "-type", "f", "-exec", "touch", "--no-dereference", "{}", "+"];
    await run({ command: "find", args, env });
    await settle(source);
  };
  const [hashes, objects] = await inTurns(iterations, checkOnly, hashObject, touchAll);

  const memory = new Map<string, number>();
  memory.set("hashing every file", await peakMemory(checkOnly, ours.folder));
  await run(sync);
  memory.set("checking an unchanged tree", await peakMemory(checkOnly, ours.folder));
  for (const [count, { sha }] of repository.changed) {
    await network.moveMain(sha);
    memory.set(`updating ${count} files`, await peakMemory(sync, ours.folder));
  }
  const fresh = smartSync(tool, false);
  const empty = await at("smart-sync-memory");
  await fresh.prepare?.(empty);
  memory.set("first install", await peakMemory(fresh.command(empty), empty.folder));
  return {
    files: repository.files,
    check: { smartSync: median(checks), gitStatus: median(statuses) },
    hash: { smartSync: median(hashes), gitHashObject: median(objects) },
    memory,
  };
}

/** Two commands in turns, after one run of each that does not count. */
async function inTurns(
  iterations: number,
  first: Command,
  second: Command,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<[number[], number[]]> {
  const samples: [number[], number[]] = [[], []];
  for (let round = -1; round < iterations; round++) {
    await before();
    const one = await timed(first);
    const two = await timed(second);
    if (round < 0) continue;
    samples[0].push(one);
    samples[1].push(two);
  }
  return samples;
}
