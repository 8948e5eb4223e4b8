/** dev-update on an installed machine: sources and system follow one commit, or stay. */
import { unowned } from "../../e2e/installer.ts";
import type { HistoryCommit } from "../history.ts";
import { randomFaults } from "../network_faults.ts";
import { randomStrike } from "../strike.ts";
import { SyncedTree } from "../synced_tree.ts";
import { readCommit } from "../tree_listing.ts";
import { OWNED, type Trial } from "../trial.ts";
import type { UpdatedMachine } from "../../update/updated_machine.ts";
import type { Workshop } from "../workshop.ts";

const REACH = { calls: 40, milliseconds: 8000 };

/** An installed machine that updates, as it is before anything happens to it. */
export interface Updatable {
  readonly updated: UpdatedMachine;
  /** The commits of the source that it follows. */
  readonly history: { readonly commits: readonly HistoryCommit[] };
}

/** Makes a machine of the case that was installed and follows a server's source. */
export async function updatable(trial: Trial, workshop: Workshop): Promise<Updatable> {
  const from = await workshop.updatable;
  const updated = from.copy();
  trial.onEnd(() => updated.machine.stand[Symbol.dispose]());
  trial.adopt(updated.machine.root);
  trial.useServer(from.server);
  const refs = ["v1", "main", "broken"] as const;
  const commits = await Promise.all(refs.map(async (ref) => {
    const sha = from.commits[ref];
    const listing = await readCommit(from.directory, sha);
    return { sha, refs: [ref], listing, buildsHost: true };
  }));
  trial.owned = [...OWNED, ...unowned];
  trial.remember();
  return { updated, history: { commits } };
}

/** The case. */
export async function updateCase(trial: Trial, workshop: Workshop): Promise<void> {
  const { random } = trial;
  const { updated, history } = await updatable(trial, workshop);
  const { launch } = updated;
  const tree = new SyncedTree(trial, history);
  for (let round = random.integer(1, 2); round > 0 && trial.problems.length === 0; round--) {
    const before = tree.look();
    const args = [
      "--ref",
      random.weighted([[6, "main"], [2, "broken"], [2, "v1"]]),
      "--yes",
      ...(random.chance(0.3) ? ["--skip-rebuild"] : []),
      ...(random.chance(0.5) ? ["--rebuild-action", random.pick(["build", "test", "switch"])] : []),
    ];
    const strike = random.chance(0.8) ? randomStrike(random, REACH, trial.canTrace) : undefined;
    // The server is every case's: its branches stay.
    const faults = randomFaults(random, history, false)
      .filter(({ fault }) => fault.kind !== "move-ref");
    trial.setFaults(random.chance(0.4) ? faults : []);
    const run = await trial.run("dev-update", args, {
      ...launch,
      env: { ...launch.env, ...trial.impatience },
      strike,
    });
    trial.setFaults([]);
    if (run.hit) {
      await trial.run("validator", ["--quick", "--fix", "--yes"], launch);
      await trial.run("rebuild-helper", ["dry-build"], launch);
    }
    trial.check();
    // The way back that a failed rebuild offers is taken with --yes only where it is the default.
    tree.judge(before);
  }
  const before = tree.look();
  const last = await trial.run("dev-update", ["--ref", "main", "--yes"], launch);
  if (last.code !== 0) {
    trial.tell(last);
    trial.add([`an undisturbed last update ended with exit ${last.code}`]);
  }
  tree.judge(before);
  trial.check();
  if (updated.sources !== "main") trial.add([`the sources are ${updated.sources} and not main`]);
  if (updated.running !== updated.bootDefault) {
    trial.add([`${updated.running} runs, and the boot default is ${updated.bootDefault}`]);
  }
}
