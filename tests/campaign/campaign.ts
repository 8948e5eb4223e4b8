import { remove } from "../support/hostile/plant_at.ts";
import { type Kind, kindOf, KINDS } from "./kind.ts";
import { Random } from "./random.ts";
import { canRun, canTrace } from "./requirements.ts";
import { type CaseResult, summary } from "./summary.ts";
import { Trial } from "./trial.ts";
import { Workshop } from "./workshop.ts";

/** What to run. */
export interface CampaignOptions {
  readonly minutes: number;
  /** So many cases instead. */
  readonly cases: number | undefined;
  /** Only this case. */
  readonly seed: number | undefined;
  readonly from: number;
  readonly kinds: readonly string[] | undefined;
  /** Failed cases leave their machine. */
  readonly keep: boolean;
  readonly verbose: boolean;
  readonly print: (text: string) => void;
}

/**
 * Runs cases until the time is over, prints a table.
 * @returns whether every promise was kept, and anything was tried at all
 */
export async function campaign(options: CampaignOptions): Promise<boolean> {
  const { print, cases, kinds } = options;
  const end = performance.now() + options.minutes * 60_000;
  const results: CaseResult[] = [];
  const wanted = (kind: Kind) => (kinds?.includes(kind.name) ?? true) && canRun(kind);
  if (!KINDS.some(wanted)) {
    print("no case can run here\n");
    return false;
  }
  await using workshop = new Workshop();
  for (let seed = options.seed ?? options.from;; seed++) {
    const over = cases === undefined ? performance.now() > end : results.length >= cases;
    if (over) break;
    const kind = kindOf(seed);
    if (options.seed === undefined && !wanted(kind)) continue;
    print(`seed ${seed}: ${kind.name}\n`);
    results.push(await runCase(seed, kind, workshop, options));
  }
  print(summary(results));
  return results.every(({ problems }) => problems.length === 0);
}

async function runCase(
  seed: number,
  kind: Kind,
  workshop: Workshop,
  options: CampaignOptions,
): Promise<CaseResult> {
  const { print } = options;
  const folder = Deno.makeTempDirSync({ prefix: `campaign-${seed}-` });
  Deno.chmodSync(folder, 0o755);
  const random = new Random(seed);
  // The draw that chose the kind.
  random.fraction();
  const trial = new Trial(random, folder, canTrace);
  const started = performance.now();
  try {
    await kind.run(trial, workshop);
  } catch (error) {
    trial.add([`the case broke off: ${error instanceof Error ? error.stack : error}`]);
  }
  await trial[Symbol.asyncDispose]();
  const failed = trial.problems.length > 0;
  if (failed || options.verbose) {
    for (const line of trial.story) print(`  ${line}\n`);
  }
  if (failed) print(`  again: deno task campaign -- --seed ${seed} --keep\n`);
  const kept = options.keep && (failed || options.seed !== undefined);
  if (kept) print(`  kept: ${folder} and ${trial.place ?? "no machine"}\n`);
  else {
    for (const path of [folder, ...(trial.place === undefined ? [] : [trial.place])]) {
      remove(path);
    }
  }
  return {
    seed,
    kind: kind.name,
    runs: trial.runs,
    networkHits: trial.networkHits,
    problems: trial.problems,
    seconds: (performance.now() - started) / 1000,
  };
}
