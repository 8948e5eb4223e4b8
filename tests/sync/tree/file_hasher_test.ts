import { equal, ok } from "node:assert/strict";
import { Mode } from "../../../lib/git/git_objects.ts";
import { FolderCalls } from "../../../lib/machine/files/folder_calls.ts";
import { blobHash } from "../../../lib/machine/tree/blob_hash.ts";
import { FileHasher } from "../../../lib/sync/tree/file_hasher.ts";
import { figuresOf } from "../../../lib/sync/tree/local_entry.ts";
import { manifestFromList } from "../../../lib/sync/tree/manifest_trees.ts";
import { nameAt } from "../../../lib/sync/tree/path_table.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("FileHasher names contents as git does, and leaves what is no plain file of some size to others", async () => {
  const contents: Readonly<Record<string, Uint8Array>> = {
    "-n": new TextEncoder().encode("dash"),
    "binary \u{1f995}": Uint8Array.from({ length: 4097 }, (_, i) => i % 256),
    "empty": new Uint8Array(),
    "lines": new TextEncoder().encode("a\r\nb\n"),
    "x/just fits": new Uint8Array(1024 * 1024 - 1),
  };
  const others = ["folder", "gone", "large", "link", "pipe"];
  await withScratch({
    ...Object.fromEntries(Object.entries(contents).map(([path, data]) => [`tree/${path}`, data])),
    "tree/folder/": "",
    "tree/large": new Uint8Array(1024 * 1024),
    "tree/link": { link: "lines" },
  }, async (folder) => {
    const top = `${folder}/tree`;
    new Deno.Command("mkfifo", { args: [`${top}/pipe`] }).outputSync();
    const paths = [...Object.keys(contents), ...others];
    const { table } = manifestFromList(
      "c".repeat(40),
      paths.map((path) => ({ path, mode: Mode.File, sha: "0".repeat(40) })),
    );
    using calls = FolderCalls.open(top)!;
    ok(calls, "there are system calls of our own here");
    using hasher = new FileHasher(calls, table.columns);
    for (const path of paths) hasher.add(table.rowOf(path)!);
    let turns = 0;
    const read = await hasher.finish(() => Promise.resolve(void turns++), 1);
    for (const [item, path] of paths.entries()) {
      equal(table.path(read.rows[item]!), path);
      const content = contents[path];
      equal(read.done[item], content === undefined ? 0 : 1, path);
      if (content === undefined) continue;
      equal(nameAt(read.names, item), blobHash(content), path);
      const info = Deno.lstatSync(`${top}/${path}`);
      equal([...read.figures.subarray(item * 4, item * 4 + 4)].join(), figuresOf(info).join());
      equal(read.modes[item], info.mode);
      equal(read.uids[item], info.uid);
    }
  });
});
