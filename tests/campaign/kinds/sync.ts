/**
 * smart-sync through random histories, local edits, faults and strikes: the tree is one commit or the
 * other, whatever happens, and no local edit is lost.
 */
import { existsSync } from "node:fs";
import { MACHINE_KINDS } from "../../support/scratch_machine.ts";
import { NEEDED, randomHistory } from "../history.ts";
import { editLocally } from "../local_edits.ts";
import { randomFaults } from "../network_faults.ts";
import { randomStrike, type Reach, type Strike } from "../strike.ts";
import type { StruckRun } from "../struck_run.ts";
import { type Before, SyncedTree } from "../synced_tree.ts";
import { asGit, compareListings } from "../tree_listing.ts";
import { OWNED, type Trial } from "../trial.ts";

/** How far a sync of a history goes. */
export function syncReach(history: SyncedTree["history"]): Reach {
  const files = Math.max(...history.commits.map(({ listing }) => listing.size));
  return { calls: 12 + files, milliseconds: 900 };
}

/** The case. */
export async function syncCase(trial: Trial): Promise<void> {
  const { random } = trial;
  trial.makeMachine(random.pick(MACHINE_KINDS));
  const history = await randomHistory(`${trial.folder}/upstream.git`, random);
  await trial.serve(history);
  const files = history.commits.map(({ listing }) => listing.size);
  trial.says(`history: ${files.join(", ")} files`);
  // What validator --fix may make.
  trial.owned = [...OWNED, /^etc\/nixos\/flake\.nix$/];
  trial.remember();
  const tree = new SyncedTree(trial, history);
  if (random.chance(0.85)) await start(tree);
  const rounds = random.integer(1, 3);
  for (let round = 0; round < rounds && trial.problems.length === 0; round++) {
    await struckRound(tree);
  }
  if (trial.problems.length === 0) await lastRound(tree);
}

/** A first sync that nothing disturbs. */
async function start(tree: SyncedTree): Promise<void> {
  const { trial, history } = tree;
  const before = tree.look();
  const commit = trial.random.pick(history.commits);
  const run = await trial.run("smart-sync", ["--ref", trial.random.pick(commit.refs)], trial);
  if (run.code !== 0) {
    trial.tell(run);
    trial.add([`an undisturbed first sync ended with exit ${run.code}`]);
  }
  tree.judge(before);
}

async function struckRound(tree: SyncedTree): Promise<void> {
  const { trial, history } = tree;
  const { random } = trial;
  if (random.chance(0.5)) editLocally(trial, tree.top);
  const before = tree.look();
  const trusting = random.chance(0.1);
  const commit = random.pick(history.commits);
  const args = [
    ...(random.chance(0.3) ? [] : ["--ref", random.pick(commit.refs)]),
    ...(random.chance(0.1) ? ["--force-full"] : []),
    ...(random.chance(0.2) ? ["--verbose"] : []),
    ...(random.chance(0.2) ? ["--json"] : []),
    ...(trusting ? ["--skip-validation"] : []),
  ];
  const strike = random.chance(0.8)
    ? randomStrike(random, syncReach(history), trial.canTrace)
    : undefined;
  const faults = random.chance(strike ? 0.4 : 0.9) ? randomFaults(random, history, trusting) : [];
  trial.setFaults(faults);
  const run = await trial.run("smart-sync", args, { env: trial.env, strike });
  trial.setFaults([]);
  await settle(tree, run);
  trial.check();
  const changed = tree.judge(before);
  if (run.code === 0 && run.strike?.kind !== "pipe") mustBeCurrent(tree, run);
  if (changed && random.chance(0.25)) await rollback(tree, before);
}

/** Exit 0 means that the tree is what was asked for; a moved branch may be any of its commits. */
function mustBeCurrent(tree: SyncedTree, run: StruckRun): void {
  const ref = run.args[run.args.indexOf("--ref") + 1]!;
  const asked = run.args.includes("--ref")
    ? tree.history.commits.filter(({ refs }) => refs.includes(ref))
    : tree.history.commits;
  if (!asked.some(({ sha }) => sha === tree.commit?.sha)) {
    tree.trial.add([`exit 0, but the tree is ${tree.commit?.sha} and not ${ref}`]);
  }
}

/** Whatever was cut off: the next tool, whichever it is, brings the tree in order. It may be cut off, too. */
export async function settle(tree: SyncedTree, run: StruckRun): Promise<void> {
  const { trial } = tree;
  const { random } = trial;
  // The draws are the same whether or not the strike hit.
  const again = random.chance(0.3)
    ? randomStrike(random, { calls: 12, milliseconds: 300 }, trial.canTrace)
    : undefined;
  const tools = [random.integer(0, 2), random.integer(0, 2)];
  if (!run.hit) return;
  if (!run.killed && run.strike?.kind !== "error") return;
  if (again) await settling(tree, tools[0]!, again);
  await settling(tree, tools[1]!, undefined);
}

async function settling(
  { trial }: SyncedTree,
  tool: number,
  strike: Strike | undefined,
): Promise<void> {
  const options = { env: trial.offline, strike };
  const expected = [0, 1, 5, 6];
  const run = tool === 0
    ? await trial.run("smart-sync", [], options)
    : tool === 1
    ? await trial.run("system-installer", ["--undo", "--yes"], options)
    : await trial.run("validator", ["--quick", "--fix", "--yes"], options);
  if (strike === undefined && !expected.includes(run.code)) {
    trial.tell(run);
    trial.add([`the next tool ended with exit ${run.code}`]);
  }
}

/** Back to what was before the last sync: every byte, and who may execute it. */
async function rollback(tree: SyncedTree, wanted: Before): Promise<void> {
  const { trial } = tree;
  const { random } = trial;
  const strike = random.chance(0.5)
    ? randomStrike(random, syncReach(tree.history), trial.canTrace)
    : undefined;
  const before = tree.read();
  const run = await trial.run("smart-sync", ["--rollback"], { strike });
  await settle(tree, run);
  trial.check();
  const now = tree.read();
  const back = compareListings(asGit(now.files), asGit(wanted.tree.files));
  const stayed = compareListings(now.files, before.files);
  if (run.code === 0 ? back.length > 0 : back.length > 0 && stayed.length > 0) {
    trial.tell(run);
    trial.add([
      "after --rollback the tree is not what it was before the sync",
      ...back.slice(0, 8),
    ]);
  }
  const refused = run.code === 6 && /no previous tree|synced content is gone/.test(run.stderr);
  if (strike === undefined && run.code !== 0 && !refused) {
    trial.tell(run);
    trial.add([`an undisturbed rollback ended with exit ${run.code}`]);
  }
}

/** After all that, an undisturbed sync does what it should. */
async function lastRound(tree: SyncedTree): Promise<void> {
  const { trial, history } = tree;
  const main = history.commits.at(-1)!;
  const before = tree.look();
  // Whatever the owner has put there: a folder in the place of a file is no reason to take the rest away.
  const isHost = NEEDED.every((path) => existsSync(`${trial.root}/etc/hypervisor/src/${path}`));
  await trial.run("smart-sync", ["--ref", main.sha], trial).then((run) => {
    const refused = !main.buildsHost && isHost;
    if (run.code !== (refused ? 6 : 0)) {
      trial.tell(run);
      trial.add([`an undisturbed last sync ended with exit ${run.code}`]);
    }
  });
  tree.judge(before);
  trial.check();
}
