/** Whoever edits a file while it is compared must be noticed, however the editor writes. */
import { equal } from "node:assert/strict";
import { identityOf, isStill } from "../../../lib/machine/tree/file_identity.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("isStill() sees every way in which editors write, and no change of a name", async () => {
  await withScratch({ "file": "one" }, (folder) => {
    const path = `${folder}/file`;
    const was = identityOf(Deno.lstatSync(path));
    const now = () => isStill(Deno.lstatSync(path), was);
    const time = was.mtime / 1000;
    equal(now(), true);
    Deno.linkSync(path, `${folder}/again`);
    equal(now(), true, "another name for it");
    // In place, of the same length, a moment later.
    Deno.writeTextFileSync(path, "two");
    Deno.utimeSync(path, time, time + 1);
    equal(now(), false);
    // Another size, with the time set back.
    Deno.writeTextFileSync(path, "longer");
    Deno.utimeSync(path, time, time);
    equal(now(), false);
    // Another file under its name, of the same size and time.
    Deno.writeTextFileSync(`${folder}/new`, "one");
    Deno.utimeSync(`${folder}/new`, time, time);
    Deno.renameSync(`${folder}/new`, path);
    equal(now(), false);
    Deno.removeSync(path);
    Deno.mkdirSync(path);
    equal(isStill(Deno.lstatSync(path), identityOf(Deno.lstatSync(path))), false, "a folder");
    equal(isStill(undefined, was), false);
  });
});
