import assert from "node:assert/strict";
import { mountOf, readMounts } from "../../../lib/machine/hardware/mounts.ts";
import { testContext } from "../../support/context.ts";
import { withScratch } from "../../support/scratch_files.ts";

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
      mounts.map((one) => `${one.mountPoint} ${one.source} ${one.fsType}`),
      [
        "/ /dev/sda2 ext4",
        "/boot /dev/sda1 vfat",
        "/mnt/with space\\ /dev/sdb1 vfat",
        "/nix overlay overlay",
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
