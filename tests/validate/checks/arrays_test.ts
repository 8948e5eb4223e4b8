import { equal, match } from "node:assert/strict";
import { lookAt } from "../look.ts";

/** /proc/mdstat as md(4) writes it. */
const MDSTAT = (second: string, disks: string) =>
  "Personalities : [raid1] [raid6] [raid5] [raid4]\n" +
  "md127 : active (auto-read-only) raid1 sdc1[0] sdd1[1]\n" +
  "      976630464 blocks super 1.2 [2/2] [UU]\n      bitmap: 0/8 pages [0KB], 65536KB chunk\n\n" +
  `md0 : ${second}\n      2095104 blocks super 1.2 ${disks}\n\nunused devices: <none>\n`;
const POOL = "proc/spl/kstat/zfs/rpool/state";
const BTRFS = "sys/fs/btrfs/8b2a4c1e-0000-4000-8000-000000000001";

for (
  const [what, files, status, says] of [
    ["none at all", {}, "pass", /^none/],
    [
      "a whole one",
      { "proc/mdstat": MDSTAT("active raid1 sdb1[1] sda1[0]", "[2/2] [UU]") },
      "pass",
      /complete: md127, md0/,
    ],
    [
      "one that checks itself",
      {
        "proc/mdstat": MDSTAT(
          "active raid1 sdb1[1] sda1[0]",
          "[2/2] [UU]\n      [>....]  check =  1.2% (1/2) finish=9min speed=1K/sec",
        ),
      },
      "pass",
      /complete/,
    ],
    [
      "one without a disk",
      { "proc/mdstat": MDSTAT("active raid1 sda1[0]", "[2/1] [U_]") },
      "warn",
      /^md0 has 1 of 2 disks mdadm --detail \/dev\/md0/,
    ],
    [
      "one with a broken disk in it",
      {
        "proc/mdstat": MDSTAT(
          "active raid5 sdc1[2](F) sdb1[1] sda1[0]",
          "level 5, 64k chunk, algorithm 2 [3/2] [UU_]",
        ),
      },
      "warn",
      /^md0 has 2 of 3/,
    ],
    [
      "stripes, which have no spare",
      { "proc/mdstat": MDSTAT("active raid0 sdb1[1] sda1[0]", "64k chunks") },
      "pass",
      /complete/,
    ],
    [
      "one that was not started",
      { "proc/mdstat": MDSTAT("inactive sda1[0](S)", "") },
      "fail",
      /^md0 was not started/,
    ],
    [
      "a kernel with md and no array",
      { "proc/mdstat": "Personalities : \nunused devices: <none>\n" },
      "pass",
      /none/,
    ],
    ["a pool", { [POOL]: "ONLINE\n", "proc/spl/kstat/zfs/dbgmsg": "x" }, "pass", /complete: rpool/],
    ["a degraded pool", { [POOL]: "DEGRADED\n" }, "warn", /^rpool is DEGRADED zpool status rpool/],
    ["a suspended pool", { [POOL]: "SUSPENDED\n" }, "fail", /^rpool is SUSPENDED/],
    [
      "btrfs",
      {
        [`${BTRFS}/label`]: "data\n",
        [`${BTRFS}/devinfo/1/missing`]: "0\n",
        "sys/fs/btrfs/features/raid56": "0\n",
      },
      "pass",
      /complete: data/,
    ],
    [
      "btrfs that was mounted degraded",
      {
        [`${BTRFS}/label`]: "\n",
        [`${BTRFS}/devinfo/1/missing`]: "0\n",
        [`${BTRFS}/devinfo/2/missing`]: "1\n",
      },
      "warn",
      /^8b2a4c1e-\S+ misses 1 of 2 disks btrfs filesystem show/,
    ],
  ] as const
) {
  Deno.test(`disk-arrays and ${what}: ${status}`, async () => {
    const found = await lookAt("disk-arrays", {
      "proc/version": "",
      "sys/power/state": "",
      ...files,
    });
    equal(found.status, status, found.detail);
    match(`${found.detail} ${found.remedy}`, says);
  });
}
