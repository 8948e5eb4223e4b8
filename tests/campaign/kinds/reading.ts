/** What only reads writes nothing at all, whatever happens to it; as root or as anybody. */
import { MACHINE_KINDS } from "../../support/scratch_machine.ts";
import { isRoot } from "../../support/needs.ts";
import { randomHistory } from "../history.ts";
import { editLocally } from "../local_edits.ts";
import { randomFaults } from "../network_faults.ts";
import { randomStrike } from "../strike.ts";
import type { Trial } from "../trial.ts";

/** The case. */
export async function readingCase(trial: Trial): Promise<void> {
  const { random } = trial;
  const kind = random.pick(MACHINE_KINDS);
  // Who is not root may not be allowed to lock a flake.
  trial.makeMachine(kind === "flake" && !isRoot ? "uefi" : kind);
  const history = await randomHistory(`${trial.folder}/upstream.git`, random);
  await trial.serve(history);
  if (isRoot) {
    await trial.run("smart-sync", ["--ref", random.pick(history.commits).sha], trial);
    if (random.chance(0.5)) editLocally(trial, trial.host("/etc/hypervisor/src"));
  }
  // As root, validator notes in its log what it found; the lock file is there since the sync.
  trial.owned = [/^var\/log\/hypervisor(\/|$)/];
  trial.remember();
  for (let round = 0; round < 4 && trial.problems.length === 0; round++) {
    const [tool, args] = random.pick<[string, string[]]>([
      ["smart-sync", ["--check-only"]],
      ["smart-sync", ["--dry-run", "--verbose"]],
      ["smart-sync", ["--dry-run", "--json", "--ref", random.pick(history.commits).sha]],
      ["validator", ["--quick"]],
      ["validator", ["--quick", "--json"]],
      ["dev-update", ["--check-only"]],
      ["system-installer", ["--dry-run", "--source", trial.host("/etc/hypervisor/src")]],
    ]);
    const reach = { calls: 20, milliseconds: 600 };
    const strike = random.chance(0.6) ? randomStrike(random, reach, trial.canTrace) : undefined;
    trial.setFaults(random.chance(0.6) ? randomFaults(random, history, false) : []);
    await trial.run(tool, args, { env: trial.env, strike });
    trial.check();
  }
}
