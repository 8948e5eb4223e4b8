import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  previousFiles,
  type PreviousRecord,
  readPreviousIndex,
  readRecord,
  writeRecord,
} from "../../../lib/sync/apply/previous.ts";
import { syncableBelow } from "../../../lib/machine/tree/files_below.ts";
import { withScratch } from "../../support/scratch_files.ts";

const RECORD: PreviousRecord = {
  version: 1,
  to: "a".repeat(40),
  state: null,
  added: ["new"],
  modes: [{ path: "run.sh", executable: false }],
};

Deno.test("readRecord() reads what writeRecord() wrote, with the index of before", async () => {
  await withScratch({ index: "old index", "folder/": "" }, (root) => {
    const folder = `${root}/folder`;
    deepEqual(writeRecord(folder, RECORD, `${root}/index`), [
      `${folder}/record.json`,
      `${folder}/index`,
    ]);
    deepEqual(readRecord(folder), RECORD);
    // An index is replaced by renaming: the old one stays as it was.
    Deno.writeTextFileSync(`${root}/next`, "new index");
    Deno.renameSync(`${root}/next`, `${root}/index`);
    equal(new TextDecoder().decode(readPreviousIndex(folder)), "old index");
  });
  await withScratch({ "folder/": "" }, (root) => {
    deepEqual(writeRecord(`${root}/folder`, RECORD, `${root}/none`), [
      `${root}/folder/record.json`,
    ]);
    equal(readPreviousIndex(`${root}/folder`), undefined);
  });
});

Deno.test("readRecord() takes a damaged record for none", async () => {
  const bad = ["", "{", "null", "[]", '{"version":2}', JSON.stringify({ ...RECORD, added: [1] })];
  for (const text of bad) {
    await withScratch({ "record.json": text }, (root) => equal(readRecord(root), undefined, text));
  }
  await withScratch({}, (root) => equal(readRecord(root), undefined));
});

Deno.test("previousFiles() names files and links as a commit does, and no path that none could have", async () => {
  const files = {
    "tree/plain": "hello\n",
    "tree/sub/run": "",
    "tree/sub/link": { link: "../plain" },
    "tree/.git/config": "x",
    "tree/sub/.GIT/config": "x",
  };
  await withScratch(files, (root) => {
    Deno.chmodSync(`${root}/tree/sub/run`, 0o755);
    const linkName = createHash("sha1").update("blob 8\0../plain").digest("hex");
    deepEqual(
      previousFiles(root).map(({ path, mode, sha }) => `${mode.toString(8)} ${sha} ${path}`).sort(),
      [
        "100644 ce013625030ba8dba906f756967f9e9ca394464a plain",
        "100755 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 sub/run",
        `120000 ${linkName} sub/link`,
      ],
    );
    ok(syncableBelow(`${root}/tree`, "").every((path) => !/\.git\//i.test(path)));
    deepEqual(syncableBelow(`${root}/tree`, "none"), []);
  });
});
