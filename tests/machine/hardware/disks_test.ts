import assert from "node:assert/strict";
import { readDisks, readMappedDevices } from "../../../lib/machine/hardware/disks.ts";
import { testContext } from "../../support/context.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

const UUID = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0";
/** Two NVMe disks in a mirror, LUKS on it, LVM in that; a USB stick and a DVD drive. */
const MACHINE: Record<string, ScratchEntry> = {
  ...disk("nvme0n1", 1000, "Samsung SSD 990 PRO"),
  "sys/block/nvme0n1/nvme0n1p1/partition": "1\n",
  ...disk("nvme1n1", 1000, "Samsung SSD 990 PRO"),
  "sys/block/nvme1n1/nvme1n1p1/partition": "1\n",
  ...disk("sda", 50, "USB  Stick  "),
  ...disk("sr0", 10, "DVD"),
  ...disk("sdb", 0, "Card reader"),
  ...disk("nvme0c0n1", 1000, "Path"),
  "sys/block/nvme0c0n1/hidden": "1\n",
  ...disk("loop0", 10, ""),
  "sys/block/md0/md/level": "raid1\n",
  "sys/block/dm-0/dm/name": "crypted\n",
  "sys/block/dm-0/dm/uuid": `CRYPT-LUKS2-${UUID.replaceAll("-", "")}-crypted\n`,
  "sys/block/dm-1/dm/name": "vg-root\n",
  "sys/block/dm-1/dm/uuid": "LVM-abc\n",
};

function disk(name: string, sectors: number, model: string) {
  return {
    [`sys/block/${name}/size`]: `${sectors}\n`,
    [`sys/block/${name}/device/model`]: `${model}\n`,
  };
}

Deno.test("readDisks() lists disks with a medium, and no software devices", async () => {
  await withScratch(MACHINE, (root) => {
    const disks = readDisks(testContext({ root }));
    assert.deepEqual(disks.map((one) => one.name), ["nvme0n1", "nvme1n1", "sda"]);
    assert.deepEqual(disks[0], {
      name: "nvme0n1",
      bytes: 512_000,
      model: "Samsung SSD 990 PRO",
      partitions: ["nvme0n1p1"],
    });
  });
});

Deno.test("readMappedDevices() tells LUKS, LVM and arrays apart", async () => {
  await withScratch(MACHINE, (root) => {
    const shown = readMappedDevices(testContext({ root })).map((one) =>
      [one.name, one.kind, one.mappedName, one.luksUuid ?? ""].join(" ").trim()
    );
    assert.deepEqual(shown, [
      `dm-0 luks crypted ${UUID}`,
      "dm-1 lvm vg-root",
      "md0 md md0",
    ]);
  });
});
