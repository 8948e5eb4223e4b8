/** An installation that is cut off, fails or succeeds, and is then undone: every byte is back. */
import { unowned } from "../../e2e/installer.ts";
import { MACHINE_KINDS } from "../../support/scratch_machine.ts";
import { standIns } from "../../support/stand_ins.ts";
import { diffTrees, snapshotTree } from "../../support/tree.ts";
import { randomStrike, type Strike } from "../strike.ts";
import type { StruckRun } from "../struck_run.ts";
import type { Trial } from "../trial.ts";
import type { Workshop } from "../workshop.ts";

/** How far an installation goes. */
const REACH = { calls: 60, milliseconds: 6000 };

/** The case. */
export async function installCase(trial: Trial, workshop: Workshop): Promise<void> {
  const { random } = trial;
  const machine = trial.makeMachine(random.pick(MACHINE_KINDS));
  const programs = standIns({ rebuild: random.pick(["shell", "ng"]) });
  trial.onEnd(() => programs[Symbol.dispose]());
  const ending = random.weighted([[5, "well"], [2, "no build"], [1, "2"], [1, "3"], [1, "4"]]);
  if (ending === "no build") programs.set("nixos-rebuild/fail", "error: not now\n");
  else if (ending !== "well") machine.write("/run/standin-activation/exit-test", ending);
  trial.says(`builds and activations end: ${ending}`);
  const { path: source } = workshop.source;
  const inside = { inside: machine.root, standIns: programs.folder };
  const action = random.pick(["build", "test", "switch"]);
  const install = (strike: Strike | undefined) =>
    trial.run(
      "system-installer",
      ["--action", action, "--skip-update-check", "--source", source],
      { ...inside, strike },
    );
  const undo = (strike: Strike | undefined) =>
    trial.run("system-installer", ["--undo", "--yes"], { ...inside, strike });
  const strike = () => randomStrike(random, REACH, trial.canTrace);

  trial.owned = [...unowned, ...INSTALLED];
  trial.remember();
  const before = snapshotTree(machine.root, { ignore: unowned, times: true });
  const profile = systemOf(trial);
  let isSettled = true;
  for (let attempt = random.integer(1, 2); attempt > 0; attempt--) {
    const run = await install(random.chance(0.85) ? strike() : undefined);
    // What a killed run has left is tidied by the next one, unless that is stopped before it comes to it.
    isSettled = settles(run) && (isSettled || !run.hit);
    if (isSettled) trial.check();
    // What was left half-way is there for other tools to see first.
    const [tool, args] = random.pick(ONLOOKERS);
    if (random.chance(0.3)) await trial.run(tool, args, { ...inside, env: NOWHERE });
  }
  if (random.chance(0.3)) await undo(random.chance(0.8) ? strike() : undefined);
  // As often as there are installations; the last one says that there is none.
  let last: StruckRun | undefined;
  for (let count = 0; count < 4 && !/no installation to undo/.test(last?.stderr ?? ""); count++) {
    machine.write("/run/standin-activation/exit-test", "0");
    last = await undo(undefined);
    if (last.code !== 0 && last.code !== 1) break;
  }
  if (!/no installation to undo/.test(last?.stderr ?? "")) {
    if (last) trial.tell(last);
    trial.add(["the installation could not be undone"]);
  }
  trial.check();
  const after = snapshotTree(machine.root, { ignore: unowned, times: true });
  // A sync that found no network leaves the empty folder that it wanted to put the tree into.
  const synced = trial.runs.some(({ tool }) => tool === "smart-sync" || tool === "dev-update");
  const changes = diffTrees(before, after).split("\n")
    .filter((line) => line !== "" && !(synced && line === "+ etc/hypervisor (folder)"));
  trial.add(changes.map((line) => `not undone: ${line}`));
  const now = systemOf(trial);
  if (now !== profile) trial.add([`the boot default is ${now} and not ${profile}`]);
}

/** Tools that have no business with an installation that was cut off, and must not make it worse. */
const ONLOOKERS: readonly (readonly [string, readonly string[]])[] = [
  ["validator", ["--quick"]],
  ["validator", ["--quick", "--fix", "--yes"]],
  ["smart-sync", ["--repo", "owner/name"]],
  ["dev-update", ["--yes", "--repo", "owner/name"]],
  ["rebuild-helper", ["build"]],
];
const NOWHERE = {
  GITHUB_API_URL: "http://127.0.0.1:2",
  GITHUB_RAW_URL: "http://127.0.0.1:2",
  GITHUB_SERVER_URL: "http://127.0.0.1:2",
};

/** What an installation writes to, besides what is not the owner's. */
const INSTALLED = [
  /^etc\/hypervisor(\/|$)/,
  /^etc\/nixos\/(flake|hardware-configuration)\.nix$/,
];

/** Whether the run could bring the machine in order itself. */
function settles(run: StruckRun): boolean {
  return !run.killed && !(run.hit && run.strike?.kind === "error");
}

function systemOf(trial: Trial): string {
  const profiles = trial.host("/nix/var/nix/profiles");
  return Deno.readLinkSync(`${profiles}/${Deno.readLinkSync(`${profiles}/system`)}`);
}
