import type { LocalFigures } from "./local_bench.ts";
import type { Scenario } from "./network_bench.ts";
import type { StartupFigures } from "./startup_bench.ts";

/** A promise about speed, and what was measured. */
export interface Target {
  readonly what: string;
  readonly measured: string;
  readonly limit: string;
  readonly met: boolean;
  /** What the time goes into where the target is missed. */
  readonly why: string;
}

/** Why a target is hard, found with request logs, profiles and strace(1); shown where it is missed. */
const REASONS = {
  update:
    "An update is two requests on one connection, four round trips with its set-up; what comes " +
    "on top is the start of the runtime (20 ms for an empty program, and about 8 until the connection " +
    "is opened), the server's own time and, after the answer, about 20 ms for unpacking, planning, the " +
    "journal and its fsyncs, which make the change survive a power cut. Where nothing has changed, an " +
    "empty program and the three round trips are 0.58 of git's time already.",
  manyFiles:
    "With tens of thousands of files, looking at each of them (while the answer travels) and taking the " +
    "answer apart share one thread. After it an index of 6 MB is written and waited for until it is on " +
    "the disk; git writes its own without waiting.",
  bulk:
    "The same archive is asked for as soon as the program runs, and its files are written and brought to " +
    "the disk while they arrive; what comes on top is the start of the runtime and, after the last byte, " +
    "the plan, the index, the journal and the rest of the disk's work. curl and tar wait for no disk.",
  check:
    "The start of the program and reading its index take about 50 ms before the first file is looked " +
    "at. That is then done in one thread; git uses all cores.",
  hash:
    "The start of the program, its index and a second thread take about 70 ms, in which git has read " +
    "more than a quarter of the files. Each file then costs about as much as it does git, shared by the " +
    "cores; folders are looked at, too, which git does not.",
  memory:
    "The runtime itself takes about 60 MB, the thread that writes about 30; the rest are the paths, files " +
    "on their way to the disk, and what the garbage collector has not taken yet.",
  startup: "The option parser and what every tool shares are loaded first.",
} as const;

/** From here on the number of files decides how long an update takes. */
const MANY_FILES = 10_000;

/** What {@link judge} looks at. */
export interface Results {
  readonly scenarios: readonly Scenario[];
  readonly local: readonly LocalFigures[];
  readonly startup: StartupFigures | undefined;
}

/** Most of incremental `git fetch --depth 1`, by the number of changed files. */
const UPDATE_LIMITS: ReadonlyMap<number, number> = new Map([[0, 0.6], [5, 0.9], [50, 1.0]]);

/** Most of the fastest peer, where much of the tree or all of it is new. */
const BULK_LIMIT = 1.1;
const BULK_CHANGE = 500;

const CHECK_LIMIT = 1.5;
const HASH_LIMIT = 1;
const MEMORY_LIMIT = 250e6;
const STARTUP_LIMIT = 25;

/** Compares figures with the targets; what was not measured is left out. */
export function judge({ scenarios, local, startup }: Results): Target[] {
  return [
    ...scenarios.flatMap(judgeScenario),
    ...local.flatMap(judgeLocal),
    ...(startup ? [judgeStartup(startup)] : []),
  ];
}

function judgeScenario({ network, files, change, figures }: Scenario): Target[] {
  const ours = figures.get("smart-sync")?.milliseconds;
  if (ours === undefined) return [];
  const where = `${files} files, ${network.description}`;
  const what = change === "install" ? `first install, ${where}` : `${change} changed of ${where}`;
  const why = change === "install"
    ? REASONS.bulk
    : files < MANY_FILES
    ? REASONS.update
    : REASONS.manyFiles;
  const limit = typeof change === "number" ? UPDATE_LIMITS.get(change) : undefined;
  if (limit !== undefined) {
    const git = figures.get("git fetch")?.milliseconds;
    return git === undefined ? [] : [ratio(what, ours / git, limit, "git fetch", why)];
  }
  if (typeof change === "number" && change < BULK_CHANGE) return [];
  const [fastest, best] = [...figures]
    .filter(([name]) => name !== "smart-sync")
    .map(([name, { milliseconds }]) => [name, milliseconds] as const)
    .toSorted((a, b) => a[1] - b[1])[0] ?? [];
  return best === undefined ? [] : [ratio(what, ours / best, BULK_LIMIT, fastest ?? "", why)];
}

function judgeLocal({ files, check, hash, memory }: LocalFigures): Target[] {
  const peak = Math.max(...memory.values());
  return [
    ratio(
      `checking ${files} unchanged files`,
      check.smartSync / check.gitStatus,
      CHECK_LIMIT,
      "git status",
      REASONS.check,
    ),
    ratio(
      `hashing ${files} files`,
      hash.smartSync / hash.gitHashObject,
      HASH_LIMIT,
      "git hash-object",
      REASONS.hash,
    ),
    {
      what: `peak memory with ${files} files`,
      measured: `${Math.round(peak / 1e6)} MB`,
      limit: `${MEMORY_LIMIT / 1e6} MB`,
      met: peak <= MEMORY_LIMIT,
      why: REASONS.memory,
    },
  ];
}

function judgeStartup({ help, empty }: StartupFigures): Target {
  return {
    what: "start-up: `--help` beyond an empty program",
    measured: `${(help - empty).toFixed(1)} ms`,
    limit: `${STARTUP_LIMIT} ms`,
    met: help - empty <= STARTUP_LIMIT,
    why: REASONS.startup,
  };
}

function ratio(
  what: string,
  value: number,
  limit: number,
  peer: string,
  why: string,
): Target {
  return {
    what,
    measured: `${value.toFixed(2)} × ${peer}`,
    limit: `${limit.toFixed(1)}`,
    met: value <= limit,
    why,
  };
}
