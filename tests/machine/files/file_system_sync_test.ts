import assert from "node:assert/strict";
import { FileSystemSync } from "../../../lib/machine/files/file_system_sync.ts";

Deno.test("FileSystemSync brings to the disk what was written before and after it was begun", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using disk = FileSystemSync.open(folder);
    assert.ok(disk);
    await Deno.writeTextFile(`${folder}/one`, "1");
    disk.start();
    disk.start();
    await Deno.writeTextFile(`${folder}/two`, "2");
    assert.equal(await disk.finish(), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("FileSystemSync.open() gives nothing for what is not there", () => {
  assert.equal(FileSystemSync.open("/nonexistent/folder"), undefined);
});
