import assert from "node:assert/strict";
import {
  ensureDirectory,
  linkAtomic,
  listIfExists,
  lstatIfExists,
  parentOf,
  readLinkIfExists,
  readTextIfExists,
  removeIfExists,
  setMode,
  temporaryName,
  writeFileAtomic,
} from "../../../lib/machine/files/files.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { isRoot } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { assertSameTree, snapshotTree } from "../../support/tree.ts";

function mode(path: string): number {
  return Deno.lstatSync(path).mode! & 0o7777;
}

Deno.test("writeFileAtomic() writes text and bytes with exactly the mode, whatever the umask", async () => {
  await withScratch({}, (folder) => {
    // Modes from which every usual umask takes something. The umask itself is all test workers' own.
    writeFileAtomic(`${folder}/text`, "größe\n", { mode: 0o666 });
    writeFileAtomic(`${folder}/bytes`, new Uint8Array([0, 255]), { mode: 0o777 });
    assert.equal(Deno.readTextFileSync(`${folder}/text`), "größe\n");
    assert.deepEqual([...Deno.readFileSync(`${folder}/bytes`)], [0, 255]);
    assert.equal(mode(`${folder}/text`), 0o666);
    assert.equal(mode(`${folder}/bytes`), 0o777);
    assert.deepEqual(listIfExists(folder), ["bytes", "text"]);
  });
});

Deno.test("writeFileAtomic() replaces a link and leaves its target alone", async () => {
  await withScratch({ "target": "old", "link": { link: "target" } }, (folder) => {
    writeFileAtomic(`${folder}/link`, "new", { mode: 0o600 });
    assert.equal(Deno.readTextFileSync(`${folder}/target`), "old");
    assert.ok(Deno.lstatSync(`${folder}/link`).isFile);
  });
});

Deno.test("writeFileAtomic() sets the owner", { ignore: !isRoot }, async () => {
  await withScratch({}, (folder) => {
    writeFileAtomic(`${folder}/file`, "", { mode: 0o640, uid: 1234, gid: 4321 });
    const info = Deno.statSync(`${folder}/file`);
    assert.deepEqual([info.uid, info.gid, mode(`${folder}/file`)], [1234, 4321, 0o640]);
  });
});

Deno.test("writeFileAtomic() leaves nothing behind when it fails", async () => {
  await withScratch({ "taken/inside": "" }, (folder) => {
    const before = snapshotTree(folder);
    // A folder that is not empty cannot be replaced by rename(2).
    assert.throws(() => writeFileAtomic(`${folder}/taken`, "x", { mode: 0o600 }));
    assert.throws(() => writeFileAtomic(`${folder}/none/file`, "x", { mode: 0o600 }));
    assertSameTree(before, snapshotTree(folder));
  });
});

Deno.test("writeFileAtomic() takes the longest name a file can have", async () => {
  await withScratch({}, (folder) => {
    for (const name of ["n".repeat(255), "語".repeat(85), "🦉".repeat(63)]) {
      writeFileAtomic(`${folder}/${name}`, name, { mode: 0o600 });
      assert.equal(Deno.readTextFileSync(`${folder}/${name}`), name);
    }
  });
});

Deno.test("linkAtomic() makes and replaces links, files and dangling ones", async () => {
  await withScratch({ "file": "x", "dangling": { link: "nowhere" } }, (folder) => {
    for (const name of ["new", "file", "dangling"]) {
      linkAtomic("/nix/store/target", `${folder}/${name}`);
      assert.equal(readLinkIfExists(`${folder}/${name}`), "/nix/store/target");
    }
    assert.deepEqual(listIfExists(folder), ["dangling", "file", "new"]);
  });
});

Deno.test("linkAtomic() leaves nothing behind when a folder is in the way", async () => {
  await withScratch({ "taken/inside": "" }, (folder) => {
    assert.throws(() => linkAtomic("x", `${folder}/taken`));
    assert.deepEqual(listIfExists(folder), ["taken"]);
  });
});

Deno.test("ensureDirectory() gives its mode to the new folder, 0755 to those above, none to old ones", async () => {
  await withScratch({ "old/": "" }, (folder) => {
    Deno.chmodSync(`${folder}/old`, 0o750);
    ensureDirectory(`${folder}/old/a/b`, 0o777);
    assert.deepEqual(
      [mode(`${folder}/old`), mode(`${folder}/old/a`), mode(`${folder}/old/a/b`)],
      [0o750, 0o755, 0o777],
    );
  });
});

/** Makes the same folders as another thread, each at the same moment. */
const MAKER = `
  import { ensureDirectory } from ${
  JSON.stringify(new URL("../../../lib/machine/files/files.ts", import.meta.url).href)
};
  self.onmessage = ({ data: { folder, here } }) => {
    let problem;
    for (let index = 0; index < here.length; index++) {
      Atomics.add(here, index, 1);
      while (Atomics.load(here, index) < 2);
      try {
        ensureDirectory(folder + "/" + index + "/inside", 0o700);
      } catch (error) {
        problem ??= String(error);
      }
    }
    self.postMessage(problem ?? "made");
  };`;

Deno.test("ensureDirectory() is content when another tool makes the folder meanwhile", async () => {
  await withScratch({}, async (folder) => {
    const here = new Int32Array(new SharedArrayBuffer(4 * 200));
    const ended = [1, 2].map(() =>
      new Promise((resolve) => {
        const url = `data:application/typescript,${encodeURIComponent(MAKER)}`;
        const worker = new Worker(url, { type: "module" });
        worker.onmessage = ({ data }) => {
          worker.terminate();
          resolve(data);
        };
        worker.postMessage({ folder, here });
      })
    );
    assert.deepEqual(await Promise.all(ended), ["made", "made"]);
  });
});

Deno.test("ensureDirectory() refuses what is not a folder, also a link to one", async () => {
  await withScratch({ "file": "", "there/": "", "link": { link: "there" } }, (folder) => {
    for (const name of ["file", "link", "file/below"]) {
      assert.throws(() => ensureDirectory(`${folder}/${name}`, 0o755), ToolError, name);
    }
  });
});

Deno.test("reading what is not there is undefined or empty, and other errors are errors", async () => {
  await withScratch({ "file": "x", "folder/b": "", "folder/a": "" }, (folder) => {
    for (const name of ["none", "none/deeper", "file/below"]) {
      assert.equal(lstatIfExists(`${folder}/${name}`), undefined);
      assert.equal(readTextIfExists(`${folder}/${name}`), undefined);
      assert.equal(readLinkIfExists(`${folder}/${name}`), undefined);
      assert.deepEqual(listIfExists(`${folder}/${name}`), []);
      removeIfExists(`${folder}/${name}`);
    }
    assert.equal(readLinkIfExists(`${folder}/file`), undefined);
    assert.deepEqual(listIfExists(`${folder}/folder`), ["a", "b"]);
    assert.throws(() => readTextIfExists(`${folder}/folder`));
  });
});

Deno.test("removeIfExists() removes trees and links, never what a link points to", async () => {
  await withScratch({ "keep/file": "x", "link": { link: "keep" }, "tree/a/b": "" }, (folder) => {
    removeIfExists(`${folder}/link`);
    removeIfExists(`${folder}/tree`);
    assert.deepEqual(listIfExists(folder), ["keep"]);
    assert.deepEqual(listIfExists(`${folder}/keep`), ["file"]);
  });
});

Deno.test("parentOf() and temporaryName() stay in the same folder", () => {
  assert.equal(parentOf("/a/b"), "/a");
  assert.equal(parentOf("/a"), "/");
  assert.match(temporaryName("/etc/passwd"), /^\/etc\/\.passwd\.[0-9a-f]{8}\.tmp$/);
  assert.match(temporaryName("/x"), /^\/\.x\./);
  assert.notEqual(temporaryName("/x"), temporaryName("/x"));
});

Deno.test("setMode() changes what is there, and says of a link that it is one", async () => {
  await withScratch({ "file": "" }, (folder) => {
    Deno.symlinkSync("file", `${folder}/link`);
    setMode(`${folder}/file`, 0o640);
    assert.throws(() => setMode(`${folder}/link`, 0o777), /link is a symbolic link and is not/);
    assert.equal(Deno.statSync(`${folder}/file`).mode! & 0o777, 0o640);
  });
});
