import assert from "node:assert/strict";
import { mappedBelow } from "../../../lib/machine/hardware/mapped_below.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("mappedBelow() finds LUKS below LVM, and nothing below a plain disk", async () => {
  await withScratch({
    "proc/self/mountinfo": "30 1 0:24 / / rw - btrfs /dev/mapper/vg-root rw\n" +
      "31 30 8:1 / /boot rw - vfat /dev/sda1 rw\n",
    "sys/block/dm-0/dm/name": "cryptlvm\n",
    "sys/block/dm-0/dm/uuid": "CRYPT-LUKS2-5e74-cryptlvm\n",
    "sys/block/dm-0/slaves/sda2/": "",
    "sys/block/dm-1/dm/name": "vg-root\n",
    "sys/block/dm-1/dm/uuid": "LVM-abc\n",
    "sys/block/dm-1/slaves/dm-0/": "",
  }, (root) => {
    const ctx = testContext({ root });
    assert.deepEqual(mappedBelow(ctx, "/"), [
      { name: "dm-1", kind: "lvm", mappedName: "vg-root", on: ["dm-0"] },
      { name: "dm-0", kind: "luks", mappedName: "cryptlvm", on: ["sda2"] },
    ]);
    assert.deepEqual(mappedBelow(ctx, "/boot"), []);
  });
});
