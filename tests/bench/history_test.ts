import { deepEqual, equal } from "node:assert/strict";
import { commit, git, initRepository } from "../support/repositories.ts";
import { historyOf } from "./history.ts";

Deno.test("historyOf() finds the ancestors that are about so many files away", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const source = `${folder}/source.git`;
    await initRepository(source);
    const made: string[] = [];
    for (let step = 0; step < 5; step++) {
      const changes = [{ path: `file-${step}`, content: `${step}\n` }];
      const [from] = made.slice(-1);
      const message = `${step}`;
      made.push(await commit(source, { message, changes, ...(from ? { from } : {}) }));
    }
    const { newest, updates } = await historyOf(source, `${folder}/copy.git`, [0, 2, 400]);
    equal(newest.base, made[4]);
    equal(newest.files, 5);
    deepEqual([...updates].map(([count, { base }]) => [count, base]), [[2, made[2]], [4, made[0]]]);
    deepEqual(updates.get(2)!.changed.get(2)!.written, ["file-3", "file-4"]);
    // What is measured moves the branch of the copy alone.
    equal(await git(source, ["rev-parse", "main"]), made[4]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
