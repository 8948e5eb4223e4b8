/** Several tools at once on one machine: one of them works, the others leave it alone. */
import { MACHINE_KINDS } from "../../support/scratch_machine.ts";
import { randomHistory } from "../history.ts";
import { randomFaults } from "../network_faults.ts";
import type { Strike } from "../strike.ts";
import { SyncedTree } from "../synced_tree.ts";
import { compareListings } from "../tree_listing.ts";
import { OWNED, type Trial } from "../trial.ts";

/** The case. */
export async function togetherCase(trial: Trial): Promise<void> {
  const { random } = trial;
  trial.makeMachine(random.pick(MACHINE_KINDS));
  const history = await randomHistory(`${trial.folder}/upstream.git`, random);
  await trial.serve(history);
  trial.owned = [...OWNED, /^etc\/nixos\/flake\.nix$/];
  trial.remember();
  const tree = new SyncedTree(trial, history);
  await trial.run("smart-sync", ["--ref", random.pick(history.commits).sha], trial);
  for (let round = 0; round < 2 && trial.problems.length === 0; round++) {
    trial.setFaults(random.chance(0.3) ? randomFaults(random, history, false) : []);
    const count = random.integer(2, 4);
    const runs = Array.from({ length: count }, async (_, at) => {
      const [tool, args] = randomCommand(tree);
      const strike: Strike | undefined = random.chance(0.3)
        ? {
          kind: "timed",
          signal: random.pick(["SIGKILL", "SIGTERM", "SIGINT"]),
          ms: random.integer(20, 700),
          group: false,
        }
        : undefined;
      await new Promise((resolve) => setTimeout(resolve, at * random.integer(0, 150)));
      await trial.run(tool, args, { env: trial.env, strike });
    });
    await Promise.all(runs);
    trial.setFaults([]);
    await trial.run("smart-sync", [], { env: trial.offline });
    trial.check();
    mustBeACommit(tree);
  }
}

function randomCommand({ trial, history }: SyncedTree): [string, string[]] {
  const { random } = trial;
  const ref = random.pick(random.pick(history.commits).refs);
  return random.weighted<[string, string[]]>([
    [6, ["smart-sync", ["--ref", ref]]],
    [1, ["smart-sync", ["--rollback"]]],
    [1, ["smart-sync", ["--check-only"]]],
    [2, ["validator", ["--quick", "--fix", "--yes"]]],
    [1, ["validator", ["--quick"]]],
    [2, ["dev-update", ["--skip-rebuild", "--yes", "--ref", ref]]],
    [1, ["system-installer", ["--undo", "--yes"]]],
  ]);
}

/** Nobody edited anything: the tree is the commit of the state, and nothing else. */
function mustBeACommit(tree: SyncedTree): void {
  const { commit } = tree;
  // Before the first sync there was nothing, and that can be rolled back to.
  const differences = compareListings(tree.read().files, commit?.listing ?? new Map());
  if (differences.length === 0) return;
  tree.trial.add([`the tree is not ${commit?.sha}`, ...differences.slice(0, 8)]);
}
