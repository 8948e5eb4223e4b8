import assert from "node:assert/strict";
import { readUserFile } from "../../../lib/machine/accounts/user_file.ts";
import { isRoot } from "../../support/needs.ts";
import { makeFifo, withScratch } from "../../support/scratch_files.ts";

const around = { env: {}, signal: new AbortController().signal };
const alice = { uid: 1000, gid: 100 };

Deno.test("readUserFile() reads with the user's rights: what only root may read stays unread", {
  ignore: !isRoot,
}, async () => {
  await withScratch({
    "secret": "root's",
    "public": "everyone's",
    "home/plain": "mine",
    "home/to-secret": { link: "../secret" },
    "home/to-public": { link: "../public" },
    "home/to-shadow": { link: "/etc/shadow" },
    "home/folder/": "",
    "home/large": "x".repeat(101),
    "home/bobs": "his",
  }, async (folder) => {
    for (const name of ["", "home", "home/folder"]) Deno.chmodSync(`${folder}/${name}`, 0o755);
    Deno.chmodSync(`${folder}/secret`, 0o600);
    Deno.chmodSync(`${folder}/public`, 0o644);
    Deno.chmodSync(`${folder}/home/bobs`, 0o644);
    Deno.chownSync(`${folder}/home/bobs`, 1001, 100);
    for (const name of ["home", "home/plain", "home/large"]) {
      Deno.chownSync(`${folder}/${name}`, 1000, 100);
    }
    makeFifo(`${folder}/home/pipe`);
    const read = async (name: string) => {
      const file = await readUserFile(around, `${folder}/home/${name}`, alice, 100);
      return file.kind === "read" ? file.text : file.kind === "refused" ? file.problem : file.kind;
    };
    assert.equal(await read("plain"), "mine");
    assert.equal(await read("to-public"), "everyone's");
    assert.equal(await read("to-secret"), "cannot be read");
    assert.match(await read("to-shadow"), /is too large|cannot be read/);
    assert.equal(await read("none"), "absent");
    assert.equal(await read("folder"), "is a directory");
    assert.equal(await read("pipe"), "is a fifo");
    assert.equal(await read("large"), "is too large");
    assert.equal(await read("bobs"), "belongs to user 1001");
  });
});

Deno.test("readUserFile() takes root's own file only from where nobody else decides", async () => {
  await withScratch({ "home/file": "mine" }, async (folder) => {
    for (const name of ["", "home"]) Deno.chmodSync(`${folder}/${name}`, 0o755);
    const self = { uid: Deno.uid()!, gid: Deno.gid()! };
    const read = () => readUserFile(around, `${folder}/home/file`, self, 100);
    assert.deepEqual(await read(), { kind: "read", text: "mine" });
    if (isRoot) {
      Deno.chownSync(`${folder}/home/file`, 1001, 100);
      assert.equal((await read()).kind, "refused", "of somebody else, in a folder of root's");
      Deno.chownSync(`${folder}/home/file`, 0, 0);
    }
    Deno.chmodSync(`${folder}/home`, 0o777);
    assert.equal((await read()).kind, isRoot ? "refused" : "read");
  });
});
