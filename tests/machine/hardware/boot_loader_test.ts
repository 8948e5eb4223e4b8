import assert from "node:assert/strict";
import { kernelFolder, readBootFiles } from "../../../lib/machine/hardware/boot_loader.ts";
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

const ESP = "E:ID_PART_ENTRY_TYPE=c12a7328-f81f-11d2-ba4b-00a0c93ec93b\n";
/** The extended boot loader partition, where kernels are that the ESP has no room for. */
const XBOOTLDR = "E:ID_PART_ENTRY_TYPE=bc13c2ff-59e6-4262-a352-b275fd6f7172\n";

Deno.test("of several EFI system partitions, the one that starts this machine comes first", async () => {
  const mountinfo = `21 1 0:20 / / rw,relatime - ext4 /dev/sda2 rw
22 21 8:7 / /mnt/windows rw - vfat /dev/sdb1 rw
23 21 8:1 / /boot rw - vfat /dev/sda1 rw,umask=0077
24 21 8:4 / /efi rw - vfat /dev/sda4 rw,umask=0077
`;
  const windows = {
    "run/udev/data/b8:7": ESP,
    "mnt/windows/EFI/Microsoft/Boot/bootmgfw.efi": "",
    "mnt/windows/EFI/BOOT/BOOTX64.EFI": "",
  };
  const cases: [name: string, files: Record<string, string>, esp: string, kernels: string][] = [
    [
      "systemd-boot beside Windows",
      {
        "run/udev/data/b8:1": ESP,
        "boot/loader/loader.conf": "",
        "boot/EFI/systemd/systemd-bootx64.efi": "",
        "boot/EFI/nixos/x-linux.efi": "",
        "run/udev/data/b8:4": "",
      },
      "/boot",
      "/boot",
    ],
    [
      "systemd-boot with kernels on a partition of their own",
      {
        "run/udev/data/b8:4": ESP,
        "efi/loader/loader.conf": "",
        "efi/EFI/systemd/systemd-bootx64.efi": "",
        "run/udev/data/b8:1": XBOOTLDR,
        "boot/EFI/nixos/x-linux.efi": "",
      },
      "/efi",
      "/boot",
    ],
    [
      "GRUB beside Windows",
      {
        "run/udev/data/b8:4": ESP,
        "efi/EFI/NixOS-efi/grubx64.efi": "",
        "run/udev/data/b8:1": XBOOTLDR,
        "boot/grub/grub.cfg": "",
      },
      "/efi",
      "/boot",
    ],
    [
      "only names in other letters",
      {
        "run/udev/data/b8:4": ESP,
        "efi/EFI/NIXOS-EFI/GRUBX64.EFI": "",
        "run/udev/data/b8:1": XBOOTLDR,
        "boot/grub/grub.cfg": "",
      },
      "/efi",
      "/boot",
    ],
  ];
  for (const [name, files, esp, kernels] of cases) {
    await withScratch(
      { "proc/self/mountinfo": mountinfo, ...windows, ...files },
      (root) => {
        const ctx = testContext({ root });
        const mounts = readMounts(ctx);
        const found = readBootFiles(ctx, mounts);
        assert.equal(found.esps[0], esp, name);
        assert.ok(found.esps.includes("/mnt/windows"), name);
        assert.equal(kernelFolder(ctx, mounts), kernels, name);
      },
    );
  }
});
