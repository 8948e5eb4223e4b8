import { deepEqual, equal } from "node:assert/strict";
import { FolderMaker } from "../../../lib/sync/apply/folder_maker.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("FolderMaker makes each folder once, those above first, with its permissions whatever the umask", async () => {
  await withScratch({}, (folder) => {
    const top = `${folder}/x/top`;
    const before = Deno.umask(0o077);
    try {
      const folders = new FolderMaker(top, 0o755);
      deepEqual(folders.missing(top), []);
      deepEqual(folders.missing(`${top}/a/b`), [`${top}/a`, `${top}/a/b`]);
      deepEqual(folders.missing(`${top}/a/b`), [], "they count as made");
      folders.make(`${top}/c/d/e`);
      folders.make(`${top}/c/d/f`);
      deepEqual(folders.made, [
        ...[
          top,
          `${top}/a`,
          `${top}/a/b`,
          `${top}/c`,
          `${top}/c/d`,
          `${top}/c/d/e`,
          `${top}/c/d/f`,
        ],
      ]);
      for (const path of ["", "/c", "/c/d/f"]) {
        equal((Deno.statSync(top + path).mode ?? 0) & 0o7777, 0o755, path);
      }
    } finally {
      Deno.umask(before);
    }
  });
});

Deno.test("FolderMaker removes what is empty again and no more, and makes it anew when it is needed", async () => {
  await withScratch({}, (folder) => {
    const top = `${folder}/top`;
    const folders = new FolderMaker(top, 0o700);
    folders.make(`${top}/a/b/c`);
    Deno.writeTextFileSync(`${top}/a/file`, "");
    folders.removeEmpty(`${top}/a/b/c`);
    deepEqual(folders.made, [top, `${top}/a`]);
    deepEqual([...Deno.readDirSync(`${top}/a`)].map(({ name }) => name), ["file"]);
    folders.make(`${top}/a/b/c`);
    equal(Deno.statSync(`${top}/a/b/c`).isDirectory, true);
    Deno.removeSync(`${top}/a/file`);
    folders.removeEmpty(`${top}/a/b/c`);
    deepEqual(folders.made, [top]);
    equal(Deno.statSync(top).isDirectory, true);
  });
});
