/** validator --fix on a machine that is broken in several ways, cut off: nothing else changes. */
import { unowned } from "../../e2e/installer.ts";
import { BREAKAGES } from "../../validate/breakages.ts";
import { randomStrike } from "../strike.ts";
import { OWNED, type Trial } from "../trial.ts";
import type { Workshop } from "../workshop.ts";

const FIXABLE = BREAKAGES.filter(({ fixed, spaceless }) => fixed === true && !spaceless);

/** What is mended outside the folders that the tools own. */
const MENDED = [/^etc\/nixos\/flake\.nix$/, /^etc\/shadow$/, /^(root|home\/[^/]+)\/\.config(\/|$)/];

/** The case. */
export async function mendCase(trial: Trial, workshop: Workshop): Promise<void> {
  const { random } = trial;
  const machine = (await workshop.updatable).installed.copy();
  trial.onEnd(() => machine.stand[Symbol.dispose]());
  trial.adopt(machine.root);
  const broken = random.some(FIXABLE, random.integer(1, 4));
  trial.says(`broken: ${broken.map(({ what }) => what).join(", ")}`);
  for (const breakage of broken) breakage.break(machine);
  trial.owned = [...OWNED, ...unowned, ...MENDED];
  trial.remember();
  const inside = { inside: machine.root, standIns: machine.stand.folder };
  const fix = ["--quick", "--fix", "--yes"];
  for (let round = random.integer(1, 2); round > 0; round--) {
    const strike = randomStrike(random, { calls: 12, milliseconds: 900 }, trial.canTrace);
    await trial.run("validator", fix, { ...inside, strike });
  }
  await trial.run("validator", fix, inside);
  const judged = await trial.run("validator", ["--quick", "--json"], inside);
  trial.check();
  const { checks } = JSON.parse(judged.stdout) as {
    checks: { id: string; status: string; detail: string }[];
  };
  for (const { id } of broken) {
    const found = checks.find((check) => check.id === id);
    if (found?.status !== "pass") trial.add([`${id} is not mended: ${JSON.stringify(found)}`]);
  }
}
