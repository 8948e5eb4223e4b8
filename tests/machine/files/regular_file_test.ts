import assert from "node:assert/strict";
import { LinkInTheWay } from "../../../lib/machine/files/pinned.ts";
import {
  NotRegular,
  openOrMake,
  openRegular,
  readBehindLinks,
  readRegular,
} from "../../../lib/machine/files/regular_file.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { isRoot } from "../../support/needs.ts";
import { makeFifo, withScratch } from "../../support/scratch_files.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("readRegular() reads files of any size up to its limit, also those of the kernel", async () => {
  const long = "größe ".repeat(40_000);
  await withScratch({ "empty": "", "long": long }, (folder) => {
    assert.equal(text(readRegular(`${folder}/empty`)), "");
    assert.equal(text(readRegular(`${folder}/long`)), long);
    const { size } = Deno.statSync(`${folder}/long`);
    assert.equal(readRegular(`${folder}/long`, size).length, size);
    assert.throws(() => readRegular(`${folder}/long`, size - 1), /is larger than \d+ bytes/);
    assert.match(text(readRegular(`/proc/${Deno.pid}/status`)), /^Name:/);
  });
});

Deno.test("readRegular() names what is no file, and neither waits for it nor opens it", {
  ignore: !isRoot,
}, async () => {
  await withScratch({ "folder/": "", "link": { link: "/etc/passwd" } }, async (folder) => {
    const make = async (command: string, ...args: string[]) => {
      assert.equal((await new Deno.Command(command, { args }).output()).code, 0);
    };
    await make("mkfifo", `${folder}/pipe`);
    // A block device that is not there: opening it would say so.
    await make("mknod", `${folder}/device`, "b", "254", "254");
    using _socket = Deno.listen({ transport: "unix", path: `${folder}/socket` });
    const kinds = { folder: "a folder", pipe: "a pipe", device: "a device", socket: "a socket" };
    for (const [name, kind] of Object.entries(kinds)) {
      assert.throws(() => readRegular(`${folder}/${name}`), (error: Error) => {
        assert.ok(error instanceof NotRegular);
        assert.equal(error.message, `${folder}/${name} is ${kind}, not a regular file`);
        assert.equal(error.code, 6);
        return true;
      });
    }
    assert.throws(() => readRegular(`${folder}/link`), LinkInTheWay);
    assert.throws(() => readRegular(`${folder}/none`), Deno.errors.NotFound);
    assert.match(text(readBehindLinks(`${folder}/link`)), /^root:/);
  });
});

Deno.test("openOrMake() makes a file with its mode, and opens no link or pipe for writing", async () => {
  await withScratch({
    "kept": "old",
    "target": "secret",
    "link": { link: "target" },
    "dangling": { link: "none" },
  }, (folder) => {
    makeFifo(`${folder}/pipe`);
    {
      using made = openOrMake(`${folder}/new`, { append: true }, 0o600);
      assert.equal(made.isNew, true);
      made.file.writeSync(new TextEncoder().encode("x"));
      using found = openOrMake(`${folder}/kept`, { append: true }, 0o600);
      assert.equal(found.isNew, false);
      found.file.writeSync(new TextEncoder().encode("+"));
    }
    assert.equal(Deno.statSync(`${folder}/new`).mode! & 0o777, 0o600);
    assert.equal(Deno.readTextFileSync(`${folder}/kept`), "old+");
    const options = { write: true, truncate: true };
    for (const name of ["link", "dangling", "pipe"]) {
      assert.throws(() => openOrMake(`${folder}/${name}`, options, 0o600), ToolError, name);
    }
    assert.equal(Deno.readTextFileSync(`${folder}/target`), "secret");
  });
});

Deno.test("openRegular() keeps the file it looked at, when another takes its name", async () => {
  await withScratch({ "a": "first", "b": "second" }, (folder) => {
    using opened = openRegular(`${folder}/a`);
    Deno.renameSync(`${folder}/b`, `${folder}/a`);
    const bytes = new Uint8Array(10);
    assert.equal(text(bytes.subarray(0, opened.file.readSync(bytes)!)), "first");
    assert.equal(opened.info.size, 5);
  });
});
