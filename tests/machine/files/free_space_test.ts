import assert from "node:assert/strict";
import { statfsSync } from "node:fs";
import { freeSpace, spaceAt } from "../../../lib/machine/files/free_space.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("freeSpace() answers for a path that is not there yet", async () => {
  await withScratch({ "var/lib/": "" }, (root) => {
    const space = freeSpace(testContext({ root }), "/var/lib/hyper-nixos/backups");
    assert.ok(space && space.bytes > 0);
    assert.ok(space.inodes === undefined || space.inodes > 0);
  });
});

Deno.test("spaceAt() reads what statfs(2) tells", () => {
  for (const at of ["/", "/dev/shm", "/proc"]) {
    const { blocks, bsize, files } = statfsSync(at);
    const space = spaceAt(at);
    assert.equal(space?.size, blocks * bsize, at);
    assert.equal(space?.inodes === undefined, files === 0, at);
    assert.ok(space.bytes <= space.size, at);
  }
  assert.equal(spaceAt("/nowhere/at/all"), undefined);
});
