/**
 * Edits that are made while smart-sync runs, at any moment: each is in the tree afterwards or in the backup
 * that the summary names, also after the next sync.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { listIfExists, lstatIfExists, parentOf } from "../../lib/machine/files/files.ts";
import { startTool } from "../support/executable.ts";
import { stopProcess, until } from "../support/until.ts";
import { randomNumbers } from "../support/source_text.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";

/** How a person edits: in place, as editors do by a rename, and keeping the times as cp -p does. */
const WAYS = {
  inPlace: (path: string, text: string) => Deno.writeTextFileSync(path, text),
  byRename: (path: string, text: string) => {
    Deno.writeTextFileSync(`${path}.swp`, text);
    Deno.renameSync(`${path}.swp`, path);
  },
};

/**
 * What `second` does to them: changes, removes, adds, makes a folder of, makes a file of the folder around.
 */
const UPDATED = "README.md";
const REMOVED = "deep/a/b/c/d/e/f/g.txt";
const ADDED = "new/empty";
const ADDED_HERE = "case/name.txt";
const BECOMES_FOLDER = "swap/file";
const BECOMES_FILE = "swap/folder/inside.txt";
const NEW_IN_IT = "swap/folder/mine.txt";
const LINK = "links/to-file";
const EDITED = [
  UPDATED,
  REMOVED,
  ADDED,
  ADDED_HERE,
  BECOMES_FOLDER,
  BECOMES_FILE,
  NEW_IN_IT,
  LINK,
] as const;

function edit(machine: SyncedMachine, way: keyof typeof WAYS, paths: readonly string[]): void {
  for (const path of paths) {
    const file = `${machine.tree}/${path}`;
    Deno.mkdirSync(parentOf(file), { recursive: true });
    if (lstatIfExists(file)?.isSymlink) Deno.removeSync(file);
    WAYS[way](file, `mine: ${path}\n`);
  }
}

/** Where the edit of a path is found: in the tree, or in backups. */
function foundIn(machine: SyncedMachine, path: string): string[] {
  const text = `mine: ${path}\n`;
  const isThere = (file: string) => {
    try {
      return lstatIfExists(file)?.isFile === true && Deno.readTextFileSync(file) === text;
    } catch {
      return false;
    }
  };
  const found = isThere(`${machine.tree}/${path}`) ? ["tree"] : [];
  const backups = "/var/lib/hyper-nixos/backups";
  for (const name of listIfExists(machine.root + backups)) {
    const file = `${machine.root}${backups}/${name}/${path}`;
    // An edit of an edit that was known before.
    if (isThere(file) || isThere(`${file}~2`)) found.push(`${backups}/${name}`);
  }
  return found;
}

for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[]) {
  Deno.test(`smart-sync keeps what is edited (${way}) while it waits for a server`, async () => {
    await using machine = await SyncedMachine.start();
    const { first, second } = machine.repository;
    for (const nth of [1, 2]) {
      machine.server.faults.clear();
      await machine.expect(0, ["--ref", first, "--force-full"]);
      machine.server.requests.length = 0;
      const held = Promise.withResolvers<void>();
      machine.server.faults.set([
        { match: { role: "git", nth }, fault: { kind: "held", until: held.promise } },
      ]);
      await using running = startTool("smart-sync", ["--json"], {
        root: machine.root,
        env: { ...machine.env, HYPERVISOR_TIMEOUT: "100" },
      });
      await until("it waits", () => machine.server.requests.at(nth - 1));
      const staging = () =>
        listIfExists(parentOf(machine.tree)).find((name) => name.startsWith(".src-staging-"));
      await until("it has begun", staging);
      edit(machine, way, EDITED);
      held.resolve();
      const { code, stdout, stderr } = await running.result;
      equal(code, 0, stderr);
      const summary = JSON.parse(stdout);
      const named = [...summary.edited, ...summary.kept].sort();
      deepEqual(named, [...EDITED].sort());
      equal(summary.kept.join(), REMOVED);
      for (const path of EDITED) {
        const place = path === REMOVED ? "tree" : summary.backup;
        ok(foundIn(machine, path).includes(place), path);
      }
      await machine.expectCommit(second, [REMOVED]);
      // Going back brings what was there, edits included.
      await machine.expect(0, ["--rollback"]);
      for (const path of EDITED) ok(foundIn(machine, path).includes("tree"), path);
      await Deno.remove(`${machine.tree}/${REMOVED}`);
    }
  });
}

Deno.test("smart-sync keeps edits made at any moment of replacing, also killed in between", async () => {
  await using machine = await SyncedMachine.start();
  const { first, second } = machine.repository;
  const random = randomNumbers(7);
  const moments = ["new", "previous/tree", "journal.json.new", "journal.json"] as const;
  for (let run = 0; run < 16; run++) {
    await machine.expect(0, ["--ref", first, "--force-full"]);
    const moment = moments[run % moments.length]!;
    const way = random() < 0.5 ? "inPlace" : "byRename";
    const back = random() < 0.25;
    if (back) await machine.expect(0);
    const folder = parentOf(machine.tree);
    await using running = startTool("smart-sync", back ? ["--rollback"] : ["--ref", second], {
      root: machine.root,
      env: machine.env,
    });
    let ended = false;
    running.result.finally(() => ended = true);
    const reached = () =>
      listIfExists(folder).some((name) =>
        name.startsWith(".src-staging-") && lstatIfExists(`${folder}/${name}/${moment}`)
      );
    while (!ended && !reached()) await new Promise((resolve) => setTimeout(resolve, 0));
    const killed = random() < 0.5;
    try {
      if (killed) running.kill("SIGKILL");
      else await stopProcess(running.pid);
    } catch {
      // It was quicker.
    }
    if (killed) await running.result;
    const paths = EDITED.filter((path) => {
      const folder = lstatIfExists(parentOf(`${machine.tree}/${path}`));
      const file = lstatIfExists(`${machine.tree}/${path}`);
      return folder?.isDirectory && !file?.isDirectory && random() < 0.7;
    });
    edit(machine, way, paths);
    if (!killed) {
      try {
        running.kill("SIGCONT");
      } catch {
        // The same.
      }
    }
    const { code } = await running.result;
    if (!killed) equal(code, 0, running.stderr);
    // Whichever tool is next finishes or discards, and the one after that replaces again.
    for (const ref of [second, first]) {
      await machine.expect(0, ["--ref", ref]);
      for (const path of paths) {
        const where = `${path} (${way}, at ${moment}, ${
          killed ? "killed" : "stopped"
        }, run ${run})`;
        ok(foundIn(machine, path).length > 0, where);
      }
    }
    machine.expectNoLeftovers();
    await Deno.remove(machine.tree, { recursive: true });
    await Deno.remove(`${machine.root}/var/lib/hyper-nixos`, { recursive: true });
  }
});
