import { deepEqual } from "node:assert/strict";
import { unlessUsed } from "../../../lib/machine/files/unless_used.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("unlessUsed() removes what was made and holds nothing, all of it or none", async () => {
  await withScratch({ "there/": "" }, (folder) => {
    const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    const paths = ["there", "state", "state/a", "state/b"].map((name) => `${folder}/${name}`);
    const make = () => paths.slice(1).forEach((path) => Deno.mkdirSync(path));
    {
      using _ = unlessUsed(paths);
      make();
    }
    deepEqual(names(), ["there"], "what was there stays");
    {
      using _ = unlessUsed(paths);
    }
    deepEqual(names(), ["there"]);
    {
      using _ = unlessUsed(paths);
      make();
      Deno.writeTextFileSync(`${folder}/state/b/file`, "");
    }
    deepEqual(names(), ["state", "there"]);
    deepEqual([...Deno.readDirSync(paths[1]!)].map(({ name }) => name).sort(), ["a", "b"]);
  });
});
