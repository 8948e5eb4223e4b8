/** A disk that becomes full, or has no inodes left, while smart-sync works. */
import { statfsSync } from "node:fs";
import { mustRun } from "../../support/must_run.ts";
import { MACHINE_KINDS } from "../../support/scratch_machine.ts";
import { randomHistory } from "../history.ts";
import { editLocally } from "../local_edits.ts";
import { SyncedTree } from "../synced_tree.ts";
import type { Trial } from "../trial.ts";

/** The case. */
export async function fullDiskCase(trial: Trial): Promise<void> {
  const { random } = trial;
  trial.makeMachine(random.pick(MACHINE_KINDS));
  const history = await randomHistory(`${trial.folder}/upstream.git`, random);
  await trial.serve(history);
  const [folder, mode] = random.weighted([
    [6, ["/etc/hypervisor", "755"]],
    [3, ["/var/lib/hyper-nixos", "700"]],
    [1, ["/var/log/hypervisor", "755"]],
  ]) as [string, string];
  const host = trial.host(folder);
  Deno.mkdirSync(host, { recursive: true });
  mount(host, "-t", "tmpfs", "-o", `size=64m,mode=${mode}`, "tmpfs");
  trial.onEnd(() => mustRun("umount", ["-l", host]));
  trial.remember();
  const tree = new SyncedTree(trial, history);
  await trial.run("smart-sync", ["--ref", random.pick(history.commits).sha], trial);
  for (let round = 0; round < 4 && trial.problems.length === 0; round++) {
    if (random.chance(0.4)) editLocally(trial, tree.top);
    const before = tree.look();
    leave(trial, host, random.chance(0.5));
    const commit = random.pick(history.commits);
    const { code, stderr } = await trial.run("smart-sync", ["--ref", commit.sha], trial);
    trial.check();
    tree.judge(before);
    const refused = code === 6 && /cannot build this host/.test(stderr);
    const full = code === 1 && /the disk is full/.test(stderr);
    if (code !== 0 && !full && !refused) {
      trial.add([`exit ${code} on a full disk: ${stderr.slice(0, 200)}`]);
    }
    mount(host, "-o", "remount,size=64m,nr_inodes=100000");
  }
  const before = tree.look();
  const main = history.commits.at(-1)!;
  const last = await trial.run("smart-sync", ["--ref", main.sha], trial);
  if (last.code !== 0 && !(last.code === 6 && !main.buildsHost)) {
    trial.tell(last);
    trial.add([`with space again the sync ended with exit ${last.code}`]);
  }
  tree.judge(before);
  trial.check();
}

/** Takes space away, so that little is left. */
function leave(trial: Trial, host: string, space: boolean): void {
  const { bsize, blocks, bfree, files, ffree } = statfsSync(host);
  if (space) {
    const pages = trial.random.rather(1, 400) - 1;
    trial.says(`${pages} pages are free on ${host}`);
    mount(host, "-o", `remount,size=${(blocks - bfree + pages) * bsize}`);
  } else {
    const inodes = trial.random.rather(1, 200) - 1;
    trial.says(`${inodes} inodes are free on ${host}`);
    mount(host, "-o", `remount,nr_inodes=${files - ffree + inodes}`);
  }
}

function mount(host: string, ...args: string[]): void {
  mustRun("mount", [...args, host]);
}
