/**
 * SIGKILL at random moments. `SYNC_KILLS` sets how often (25), `SYNC_SEED` repeats a campaign; the seed
 * is printed.
 */
import { equal, ok } from "node:assert/strict";
import { listIfExists, removeIfExists } from "../../lib/machine/files/files.ts";
import { recoverSourceTree } from "../../lib/machine/tree/tree_recovery.ts";
import { testContext } from "../support/context.ts";
import { startTool } from "../support/executable.ts";
import { sizedRepository } from "../support/sized_repository.ts";
import { randomNumbers } from "../support/source_text.ts";
import { commitListing, localListing, SyncedMachine } from "../sync/synced_machine.ts";

const KILLS = Number(Deno.env.get("SYNC_KILLS") ?? 25);
const SEED = Number(Deno.env.get("SYNC_SEED") ?? Math.floor(Math.random() * 1e9));

/** Moments to aim at: from the start, or from when a file of a phase is there. */
const AIMS = ["start", "staging", "journal", "previous"] as const;

Deno.test(`smart-sync killed ${KILLS} times (SYNC_SEED=${SEED}) always ends at one commit`, async (t) => {
  await using machine = await SyncedMachine.start();
  const sized = await sizedRepository(`${machine.directory}/sized.git`, {
    files: 300,
    bytes: 800,
    shape: "project",
    seed: 3,
  }, [150]);
  machine.server.add({ owner: "owner", name: "sized", directory: sized.directory });
  const commits = [sized.base, sized.changed.get(150)!.sha];
  const listings = new Map<string, string>();
  for (const commit of commits) {
    listings.set((await commitListing(sized.directory, commit)).join("\n"), commit);
  }
  const env = { ...machine.env, HYPERVISOR_REPO: "owner/sized" };
  await machine.expect(0, ["--ref", commits[0]!], { env });

  const random = randomNumbers(SEED);
  const ends = new Map<string, number>();
  let current: string | undefined = commits[0]!;
  for (let run = 0; run < KILLS; run++) {
    // A first install takes another way than an update.
    if (random() < 0.2) current = forget(machine);
    const target = commits.find((commit) => commit !== current)!;
    const aim = AIMS[Math.floor(random() * AIMS.length)]!;
    const delay = random() * (aim === "start" ? 500 : 12);
    await killed(machine, ["--ref", target], env, aim, delay);

    // Any tool brings the tree in order before it reads it; every few times it is this one.
    if (run % 5 === 0) await nextRunOffline(machine, target, env);
    else await recoverSourceTree(testContext({ root: machine.root }));
    const found = machine.hasTree ? listings.get(localListing(machine.tree).join("\n")) : undefined;
    const expected = found !== undefined || current === undefined && !machine.hasTree;
    ok(expected, `run ${run}: the tree is no commit after a kill at ${aim} + ${delay} ms`);
    machine.expectNoLeftovers();
    equal(machine.stateCommit, found);
    const from = current === undefined ? " of an install" : "";
    const end = `${aim}${from}: ${found === current ? "discarded" : "finished"}`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
    current = found;
  }
  await t.step(
    `ends: ${[...ends].map(([end, count]) => `${end} ${count}`).sort().join(", ")}`,
    () => {},
  );
});

/** As before the first sync. */
function forget(machine: SyncedMachine): undefined {
  removeIfExists(`${machine.root}/etc/hypervisor`);
  removeIfExists(`${machine.root}/var/lib/hyper-nixos`);
}

/** Without a network a run can do nothing but bring the tree in order. */
async function nextRunOffline(
  machine: SyncedMachine,
  target: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const nowhere = "http://127.0.0.1:2";
  const { code } = await machine.sync(["--ref", target], {
    env: { ...env, GITHUB_API_URL: nowhere, GITHUB_SERVER_URL: nowhere, GITHUB_RAW_URL: nowhere },
  });
  ok(code === 0 || code === 5, `exit ${code}`);
}

/** Starts a sync and kills it some milliseconds after it has come as far as `aim`. */
async function killed(
  machine: SyncedMachine,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  aim: typeof AIMS[number],
  delay: number,
): Promise<void> {
  await using running = startTool("smart-sync", args, { root: machine.root, env });
  let ended = false;
  running.result.finally(() => ended = true);
  while (!ended && !hasReached(machine, aim)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, delay));
  try {
    running.kill("SIGKILL");
  } catch {
    // It was quicker.
  }
  await running.result;
}

function hasReached(machine: SyncedMachine, aim: typeof AIMS[number]): boolean {
  if (aim === "start") return true;
  const folder = `${machine.root}/etc/hypervisor`;
  const staging = listIfExists(folder).find((name) => name.startsWith(".src-staging-"));
  if (staging === undefined) return false;
  const inside = (name: string) => {
    try {
      Deno.lstatSync(`${folder}/${staging}/${name}`);
      return true;
    } catch {
      return false;
    }
  };
  if (aim === "journal") return inside("journal.json");
  return aim === "previous" ? inside("previous/tree") : inside("new");
}
