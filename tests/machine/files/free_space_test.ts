import assert from "node:assert/strict";
import { freeSpace } from "../../../lib/machine/files/free_space.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("freeSpace() answers for a path that is not there yet", async () => {
  await withScratch({ "var/lib/": "" }, (root) => {
    const space = freeSpace(testContext({ root }), "/var/lib/hyper-nixos/backups");
    assert.ok(space && space.bytes > 0);
    assert.ok(space.inodes === undefined || space.inodes > 0);
  });
});
