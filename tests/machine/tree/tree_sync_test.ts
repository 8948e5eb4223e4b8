import { FileSystemSync } from "../../../lib/machine/files/file_system_sync.ts";
import { syncToDisk } from "../../../lib/machine/tree/tree_sync.ts";
import { mustRun } from "../../support/must_run.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("syncToDisk() waits for no pipe, and skips links and what is gone, with what was above it", async () => {
  await withScratch({
    "file": "",
    "folder/": "",
    "loop": { link: "loop" },
    "nowhere": { link: "none" },
    "now a file": "",
  }, async (top) => {
    mustRun("mkfifo", [`${top}/pipe`]);
    const names = [
      "file",
      "folder",
      "loop",
      "nowhere",
      "pipe",
      "gone",
      "gone/too",
      "now a file/was in it",
    ];
    await syncToDisk(names.map((name) => `${top}/${name}`));
    await syncToDisk([]);
  });
});

Deno.test("syncToDisk() takes many paths, also when their file system began to be synced", async () => {
  await withScratch({ "file": "" }, async (top) => {
    const paths = Array.from({ length: 500 }, (_, n) => n % 2 ? `${top}/file` : `${top}/gone${n}`);
    await syncToDisk(paths);
    await using begun = FileSystemSync.open(top);
    await syncToDisk(paths, begun);
    // The first does not have to be there for its file system to be found.
    await syncToDisk([`${top}/none/at all`, ...paths]);
  });
});
