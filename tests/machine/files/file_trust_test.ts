import assert from "node:assert/strict";
import { foreignPart, foreignWriter, rootSelfAnd } from "../../../lib/machine/files/file_trust.ts";
import { isRoot } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

const ours = rootSelfAnd(undefined);

Deno.test("foreignWriter() counts everyone's and the group's permission to write", async () => {
  await withScratch({ "file": "" }, (folder) => {
    const problem = (mode: number) => {
      Deno.chmodSync(`${folder}/file`, mode);
      return foreignWriter(Deno.lstatSync(`${folder}/file`), ours);
    };
    assert.equal(problem(0o644), undefined);
    assert.match(problem(0o664)!, /^can be written by its group/);
    assert.equal(problem(0o646), "can be written by everyone");
  });
});

Deno.test("foreignPart() looks at every folder on the way, its group's permission too", async () => {
  await withScratch({ "a/b/file": "" }, (folder) => {
    const path = `${folder}/a/b/file`;
    const set = (name: string, mode: number) => Deno.chmodSync(`${folder}/${name}`, mode);
    for (const name of ["", "a", "a/b"]) set(name, 0o755);
    set("a/b/file", 0o644);
    assert.equal(foreignPart(path, ours), undefined);
    for (const name of ["a", "a/b"]) {
      for (const mode of [0o775, 0o757]) {
        set(name, mode);
        assert.equal(foreignPart(path, ours)?.path, `${folder}/${name}`);
        // Its own entries belong to us, and only we can rename them.
        set(name, mode | 0o1000);
        assert.equal(foreignPart(path, ours), undefined);
        set(name, 0o755);
      }
    }
    set("a/b", 0o1777);
    assert.equal(foreignPart(`${folder}/a/b`, ours)?.path, `${folder}/a/b`, "at the end");
    assert.equal(
      foreignPart(`${folder}/a/b/none`, ours)?.path,
      `${folder}/a/b`,
      "anyone's to make",
    );
    assert.equal(foreignPart(path, ours, `${folder}/a/b`), undefined);
  });
});

Deno.test("foreignPart() takes the owners of folders and of links for what they are", {
  ignore: !isRoot,
}, async () => {
  await withScratch({
    "mine/file": "",
    "theirs/file": "",
    "theirs/link": { link: "../mine/file" },
    "link": { link: "mine" },
    "hop": { link: "theirs/link" },
    "round": { link: "round" },
  }, (folder) => {
    for (const name of ["", "mine", "theirs"]) Deno.chmodSync(`${folder}/${name}`, 0o755);
    for (const name of ["mine/file", "theirs/file"]) Deno.chmodSync(`${folder}/${name}`, 0o644);
    Deno.chownSync(`${folder}/theirs`, 1000, 100);
    const at = (name: string, mayWrite = ours) => foreignPart(`${folder}/${name}`, mayWrite)?.path;
    assert.equal(at("link/file"), undefined);
    assert.equal(at("link/../mine/./file"), undefined);
    assert.equal(at("theirs/file"), `${folder}/theirs`);
    assert.equal(at("hop"), `${folder}/theirs`);
    assert.equal(at("theirs/file", rootSelfAnd(1000)), undefined);
    assert.throws(() => at("round"), Deno.errors.FilesystemLoop);
  });
});
