/**
 * A mounted disk that came from a stranger (`--root`), with links to the host, pipes, devices, huge files
 * and the like where tools look: nothing outside it changes or is told, and no tool waits for it.
 */
import { Outside } from "../../support/hostile/outside.ts";
import { plantAt } from "../../support/hostile/plant_at.ts";
import { type Command, COMMANDS, PLACES } from "../../support/hostile/places.ts";
import { PLANTS } from "../../support/hostile/plants.ts";
import { randomStrike } from "../strike.ts";
import type { Trial } from "../trial.ts";
import type { Workshop } from "../workshop.ts";

const REACH = { calls: 20, milliseconds: 1500 };

/** The case. */
export async function hostileDiskCase(trial: Trial, workshop: Workshop): Promise<void> {
  const { random } = trial;
  const from = await workshop.updatable;
  const { path: source } = workshop.source;
  const updated = from.copy();
  trial.onEnd(() => updated.machine.stand[Symbol.dispose]());
  trial.adopt(updated.machine.root);
  trial.useServer(from.server);
  trial.setFaults([]);
  using outside = new Outside();
  const planted: string[] = [];
  const commands: Command[] = [];
  for (const place of random.some(PLACES, random.rather(1, 4))) {
    const plant = random.pick(PLANTS);
    // Below what was planted before there may be no folder any more.
    try {
      plantAt(trial.root, place, plant, outside);
    } catch {
      continue;
    }
    planted.push(`${plant.name} at ${place.path}`);
    commands.push(...place.commands);
  }
  trial.says(`the disk: ${planted.join(", ") || "as it was"}`);
  // Nothing fitted in where it was to be.
  if (planted.length === 0) return;
  const { inside: root = trial.root, ...around } = updated.launch;
  for (let round = random.integer(1, 3); round > 0 && trial.problems.length === 0; round--) {
    const [tool, ...words] = COMMANDS[random.pick(commands)] as readonly string[];
    const args = words.map((word) => word === "SOURCE" ? source : word);
    const strike = random.chance(0.4) ? randomStrike(random, REACH, trial.canTrace) : undefined;
    const run = await trial.run(tool!, args, { ...around, root, strike });
    const found = [
      ...outside.changes().map((line) => `outside the root: ${line}`),
      ...(/precious/.test(run.stdout + run.stderr) ? ["a file outside the root is told"] : []),
    ];
    if (found.length > 0) trial.tell(run);
    trial.add(found);
    // The table has the first problem of a case: it must name the place.
    if (trial.problems.length > 0) trial.problems[0] += ` (${planted.join(", ")})`;
  }
}
