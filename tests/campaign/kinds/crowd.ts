/** An installed machine on which an installation, updates, builds and repairs run at once. */
import type { Strike } from "../strike.ts";
import { SyncedTree } from "../synced_tree.ts";
import { compareListings } from "../tree_listing.ts";
import type { Trial } from "../trial.ts";
import type { Workshop } from "../workshop.ts";
import { updatable } from "./update.ts";

/** The case. */
export async function crowdCase(trial: Trial, workshop: Workshop): Promise<void> {
  const { random } = trial;
  const { updated: { launch }, history } = await updatable(trial, workshop);
  trial.setFaults([]);
  const { path: source } = workshop.source;
  const commands: readonly (readonly [number, readonly [string, readonly string[]]])[] = [
    [3, ["smart-sync", ["--ref", random.pick(["main", "v1", "broken"])]]],
    [2, ["dev-update", ["--ref", "main", "--yes"]]],
    [1, ["dev-update", ["--ref", "v1", "--yes", "--skip-rebuild"]]],
    [3, ["system-installer", ["--action", "build", "--skip-update-check", "--source", source]]],
    [2, ["rebuild-helper", [random.pick(["build", "switch"])]]],
    [2, ["validator", ["--fix", "--yes", "--quick"]]],
  ];
  const count = random.integer(2, 4);
  await Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const [tool, args] = random.weighted(commands);
      const signal = random.pick(["SIGKILL", "SIGTERM", "SIGINT"] as const);
      const ms = random.integer(50, 4000);
      const strike: Strike | undefined = random.chance(0.4)
        ? { kind: "timed", signal, ms, group: false }
        : undefined;
      await new Promise((resolve) => setTimeout(resolve, at * random.integer(0, 1000)));
      await trial.run(tool, args, { ...launch, strike });
    }),
  );
  // What was killed while it applied is reverted by the next installation.
  await trial.run(
    "system-installer",
    ["--action", "build", "--skip-update-check", "--source", source],
    launch,
  );
  // An installation from a folder forgets where the tree before it came from.
  const update = ["--ref", "main", "--repo", "owner/hyper-nixos", "--yes"];
  const last = await trial.run("dev-update", update, launch);
  if (last.code !== 0) {
    trial.tell(last);
    trial.add([`an undisturbed last update ended with exit ${last.code}`]);
  }
  trial.check();
  const main = history.commits.find(({ refs }) => refs.includes("main"))!;
  const { files } = new SyncedTree(trial, history).read();
  const differences = compareListings(files, main.listing);
  trial.add(differences.slice(0, 8).map((line) => `the tree is not main: ${line}`));
}
