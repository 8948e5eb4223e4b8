import assert from "node:assert/strict";
import { readSwap } from "../../../lib/machine/hardware/swap.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("readSwap() tells partitions, files and zram apart", async () => {
  await withScratch({
    "proc/cmdline": "quiet resume=UUID=1234 resume_offset=5\n",
    "proc/swaps": "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n" +
      "/dev/sda3                               partition\t1024\t\t0\t\t-2\n" +
      "/var/swap\\040file                       file\t\t2048\t\t0\t\t5\n" +
      "/dev/zram0                              partition\t4096\t\t0\t\t100\n",
  }, (root) => {
    assert.deepEqual(readSwap(testContext({ root })), {
      areas: [
        { path: "/dev/sda3", kind: "partition" },
        { path: "/var/swap file", kind: "file" },
        { path: "/dev/zram0", kind: "zram" },
      ],
      resumeDevice: "UUID=1234",
    });
  });
});

Deno.test("readSwap() takes nothing of this machine for a mounted one", async () => {
  await withScratch({}, (root) => {
    assert.deepEqual(readSwap(testContext({ root })), { areas: [], resumeDevice: undefined });
  });
});
