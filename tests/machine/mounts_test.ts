import assert from "node:assert/strict";
import { readBootFiles } from "../../lib/machine/boot_loader.ts";
import { freeSpace } from "../../lib/machine/free_space.ts";
import { mountOf, readMounts } from "../../lib/machine/mounts.ts";
import { readSwap } from "../../lib/machine/swap.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const MOUNTINFO = `21 1 0:20 / / rw,relatime shared:1 master:2 - ext4 /dev/sda2 rw
22 21 0:21 /@nix /nix rw,noatime - btrfs /dev/sda3 rw,subvol=/@nix
23 21 8:1 / /boot rw - vfat /dev/sda1 rw,umask=0077
24 21 8:5 / /mnt/with\\040space\\134 rw - vfat /dev/sdb1 rw
25 21 0:30 / /nix ro - overlay overlay ro
26 21 garbage
`;

Deno.test("readMounts() reads a recorded machine; the uppermost mount counts", async () => {
  await withScratch({ "proc/self/mountinfo": MOUNTINFO }, (root) => {
    const mounts = readMounts(testContext({ root }));
    assert.deepEqual(
      mounts.map((one) => `${one.mountPoint} ${one.source} ${one.fsType} ${one.subPath}`),
      [
        "/ /dev/sda2 ext4 /",
        "/boot /dev/sda1 vfat /",
        "/mnt/with space\\ /dev/sdb1 vfat /",
        "/nix overlay overlay /",
      ],
    );
    assert.deepEqual(mounts[1]!.options, ["rw", "umask=0077"]);
    assert.equal(mountOf(mounts, "/boot/EFI")?.mountPoint, "/boot");
    assert.equal(mountOf(mounts, "/bootstrap")?.mountPoint, "/");
  });
});

Deno.test("readMounts() shows nothing of this machine for a folder that is no mount", async () => {
  await withScratch({}, (root) => {
    assert.deepEqual(readMounts(testContext({ root })), []);
  });
});

Deno.test("readMounts() knows where this machine's root comes from", () => {
  const mount = mountOf(readMounts(testContext()), "/etc/passwd");
  assert.ok(mount && mount.source !== "" && mount.fsType !== "");
});

Deno.test("readBootFiles() finds systemd-boot on the EFI system partition", async () => {
  await withScratch({
    "proc/self/mountinfo": MOUNTINFO,
    "boot/loader/loader.conf": "",
    "boot/EFI/systemd/systemd-bootx64.efi": "",
    "run/udev/data/b8:1": "N:sda1\nE:ID_PART_ENTRY_TYPE=c12a7328-f81f-11d2-ba4b-00a0c93ec93b\n",
    "run/udev/data/b8:5": "E:ID_PART_ENTRY_TYPE=ebd0a0a2-b9e5-4433-87c0-68b6b72699c7\n",
  }, (root) => {
    const ctx = testContext({ root });
    assert.deepEqual(readBootFiles(ctx, readMounts(ctx)), {
      loaders: ["systemd-boot"],
      esps: [{ mountPoint: "/boot", source: "/dev/sda1", typed: true }],
      unreadable: [],
    });
  });
});

Deno.test("readBootFiles() takes vfat at a usual place for the ESP when udev is silent", async () => {
  const files = {
    "proc/self/mountinfo": MOUNTINFO,
    "boot/grub/grub.cfg": "",
    "boot/extlinux/extlinux.conf": "",
  };
  await withScratch(files, (root) => {
    const ctx = testContext({ root });
    const found = readBootFiles(ctx, readMounts(ctx));
    assert.deepEqual(found.loaders, ["grub", "extlinux"]);
    assert.deepEqual(found.esps, [{ mountPoint: "/boot", source: "/dev/sda1", typed: undefined }]);
  });
});

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
        { path: "/dev/sda3", kind: "partition", bytes: 1024 * 1024, priority: -2 },
        { path: "/var/swap file", kind: "file", bytes: 2048 * 1024, priority: 5 },
        { path: "/dev/zram0", kind: "zram", bytes: 4096 * 1024, priority: 100 },
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

Deno.test("freeSpace() answers for a path that is not there yet", async () => {
  await withScratch({ "var/lib/": "" }, (root) => {
    const space = freeSpace(testContext({ root }), "/var/lib/hyper-nixos/backups");
    assert.ok(space && space.bytes > 0);
    assert.ok(space.inodes === undefined || space.inodes > 0);
  });
});
