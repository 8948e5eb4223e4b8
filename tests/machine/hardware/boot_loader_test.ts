import assert from "node:assert/strict";
import { readBootFiles } from "../../../lib/machine/hardware/boot_loader.ts";
import { readMounts } from "../../../lib/machine/hardware/mounts.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

/** proc_pid_mountinfo(5). */
const MOUNTINFO = `21 1 0:20 / / rw,relatime - ext4 /dev/sda2 rw
23 21 8:1 / /boot rw - vfat /dev/sda1 rw,umask=0077
24 21 8:5 / /mnt/stick rw - vfat /dev/sdb1 rw
`;

Deno.test("readBootFiles() finds systemd-boot on the EFI system partition", async () => {
  await withScratch({
    "proc/self/mountinfo": MOUNTINFO,
    "boot/loader/loader.conf": "",
    "boot/EFI/systemd/systemd-bootx64.efi": "",
    "mnt/stick/EFI/BOOT/": "",
    "run/udev/data/b8:1": "N:sda1\nE:ID_PART_ENTRY_TYPE=c12a7328-f81f-11d2-ba4b-00a0c93ec93b\n",
    "run/udev/data/b8:5": "E:ID_PART_ENTRY_TYPE=ebd0a0a2-b9e5-4433-87c0-68b6b72699c7\n",
  }, (root) => {
    const ctx = testContext({ root });
    assert.deepEqual(readBootFiles(ctx, readMounts(ctx)), {
      loaders: ["systemd-boot"],
      esps: ["/boot"],
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
    assert.deepEqual(found.esps, ["/boot"]);
  });
});
