import assert from "node:assert/strict";
import { disksBelow, readDisks, readMappedDevices } from "../../lib/machine/disks.ts";
import { testContext } from "../support/context.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";

const UUID = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0";
/** Two NVMe disks in a mirror, LUKS on it, LVM in that; a USB stick and a DVD drive. */
const MACHINE: Record<string, ScratchEntry> = {
  ...disk("nvme0n1", 1000, "0", "Samsung SSD 990 PRO"),
  "sys/block/nvme0n1/nvme0n1p1/partition": "1\n",
  "sys/block/nvme0n1/nvme0n1p1/size": "100\n",
  ...disk("nvme1n1", 1000, "0", "Samsung SSD 990 PRO"),
  "sys/block/nvme1n1/nvme1n1p1/partition": "1\n",
  "sys/block/nvme1n1/nvme1n1p1/size": "100\n",
  ...disk("sda", 50, "1", "USB  Stick  "),
  "sys/block/sda/removable": "1\n",
  ...disk("sr0", 10, "1", "DVD"),
  ...disk("sdb", 0, "1", "Card reader"),
  ...disk("nvme0c0n1", 1000, "0", "Path"),
  "sys/block/nvme0c0n1/hidden": "1\n",
  ...disk("loop0", 10, "1", ""),
  "sys/block/md0/md/level": "raid1\n",
  "sys/block/md0/slaves/nvme0n1p1/": "",
  "sys/block/md0/slaves/nvme1n1p1/": "",
  "sys/block/dm-0/dm/name": "crypted\n",
  "sys/block/dm-0/dm/uuid": `CRYPT-LUKS2-${UUID.replaceAll("-", "")}-crypted\n`,
  "sys/block/dm-0/slaves/md0/": "",
  "sys/block/dm-1/dm/name": "vg-root\n",
  "sys/block/dm-1/dm/uuid": "LVM-abc\n",
  "sys/block/dm-1/slaves/dm-0/": "",
};

function disk(name: string, sectors: number, rotational: string, model: string) {
  return {
    [`sys/block/${name}/size`]: `${sectors}\n`,
    [`sys/block/${name}/queue/rotational`]: `${rotational}\n`,
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
      rotational: false,
      removable: false,
      readOnly: false,
      model: "Samsung SSD 990 PRO",
      partitions: [{ name: "nvme0n1p1", bytes: 51_200 }],
    });
    assert.equal(disks[2]!.removable && disks[2]!.rotational, true);
  });
});

Deno.test("readMappedDevices() tells LUKS, LVM and arrays apart", async () => {
  await withScratch(MACHINE, (root) => {
    const shown = readMappedDevices(testContext({ root })).map((one) =>
      [one.name, one.kind, one.mappedName, one.luksUuid ?? "-", ...one.slaves].join(" ")
    );
    assert.deepEqual(shown, [
      `dm-0 luks crypted ${UUID} md0`,
      "dm-1 lvm vg-root - dm-0",
      "md0 md md0 - nvme0n1p1 nvme1n1p1",
    ]);
  });
});

Deno.test("disksBelow() finds every disk under mappings, and survives a cycle", async () => {
  await withScratch({ ...MACHINE, "sys/block/md0/slaves/dm-1/": "" }, (root) => {
    const ctx = testContext({ root });
    assert.deepEqual(disksBelow(ctx, "dm-1"), ["nvme0n1", "nvme1n1"]);
    assert.deepEqual(disksBelow(ctx, "nvme1n1p1"), ["nvme1n1"]);
    assert.deepEqual(disksBelow(ctx, "nothing"), []);
  });
});
