import assert from "node:assert/strict";
import { readSwap, type SwapArea } from "../../../lib/machine/hardware/swap.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

function area(path: string, kind: SwapArea["kind"], changes: Partial<SwapArea> = {}): SwapArea {
  return { path, device: path, kind, priority: undefined, randomKey: false, ...changes };
}

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
        area("/dev/sda3", "partition"),
        area("/var/swap file", "file", { priority: 5 }),
        area("/dev/zram0", "zram", { priority: 100 }),
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

Deno.test("readSwap() names devices as they are found at the next boot, too", async () => {
  const header = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
  const line = (path: string) =>
    `${path}                               partition\t1024\t\t0\t\t-2\n`;
  // NixOS's name of a mapping for random encryption (config/swap.nix).
  const random = "dev-disk-byx2dpartuuid-7d3e03";
  await withScratch({
    "proc/cmdline": "quiet\n",
    "proc/swaps": header +
      ["/dev/nvme0n1p3", "/dev/dm-1", "/dev/dm-2", "/dev/dm-3"].map(line).join(""),
    "dev/nvme0n1p3": "",
    "dev/disk/by-uuid/aaaa": { link: "../../nvme0n1p2" },
    "dev/disk/by-uuid/bbbb": { link: "../../nvme0n1p3" },
    "dev/nvme0n1p2": "",
    "dev/sda3": "",
    "dev/disk/by-partuuid/7d3e03": { link: "../../sda3" },
    "sys/block/dm-1/dm/name": "vg-swap\n",
    "sys/block/dm-1/dm/uuid": "LVM-abcdef\n",
    "sys/block/dm-2/dm/name": `${random}\n`,
    "sys/block/dm-2/dm/uuid": `CRYPT-PLAIN-${random}\n`,
    "sys/block/dm-2/slaves/sda3/": "",
    "sys/block/dm-3/dm/name": "other\n",
    "sys/block/dm-3/dm/uuid": "CRYPT-PLAIN-other\n",
    "sys/block/dm-3/slaves/sdb1/": "",
  }, (root) => {
    const { areas } = readSwap(testContext({ root: Deno.realPathSync(root) }));
    assert.deepEqual(areas, [
      area("/dev/nvme0n1p3", "partition", { device: "/dev/disk/by-uuid/bbbb" }),
      area("/dev/dm-1", "partition", { device: "/dev/mapper/vg-swap" }),
      area("/dev/sda3", "partition", { device: "/dev/disk/by-partuuid/7d3e03", randomKey: true }),
      area("/dev/sdb1", "partition", { randomKey: true }),
    ]);
  });
});
