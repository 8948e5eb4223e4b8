import assert from "node:assert/strict";
import { devicePresence } from "../../../lib/machine/hardware/device_names.ts";
import { readDisks } from "../../../lib/machine/hardware/disks.ts";
import { testContext } from "../../support/context.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

const UUID = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0";
/** /dev as udev makes it, with an opened LUKS mapping. */
const MACHINE: Record<string, ScratchEntry> = {
  "sys/block/dm-0/dm/name": "crypted\n",
  "sys/class/block/nvme0n1p1/": "",
  "dev/nvme0n1p1": "",
  [`dev/disk/by-uuid/${UUID}`]: { link: "../../md0" },
  "dev/disk/by-partuuid/aaaa": { link: "../../nvme0n1p1" },
  "dev/disk/by-label/Mein\\x20Gerät\\xc3\\xa4": { link: "../../nvme0n1p1" },
};

Deno.test("devicePresence() knows what is there, what is not, and what it cannot know", async () => {
  await withScratch(MACHINE, (root) => {
    const ctx = testContext({ root });
    const expected = {
      [`/dev/disk/by-uuid/${UUID}`]: "present",
      [`UUID=${UUID}`]: "present",
      [`UUID="${UUID}"`]: "present",
      "LABEL=Mein Gerätä": "present",
      "/dev/disk/by-label/Mein\\x20Gerätä": "present",
      "PARTUUID=aaaa": "present",
      "PARTUUID=bbbb": "absent",
      "PARTLABEL=none": "absent",
      "/dev/disk/by-uuid/ABCD-1234": "absent",
      "/dev/disk/by-id/../../../etc": "unknown",
      "/dev/nvme0n1p1": "present",
      "/dev/sdz9": "absent",
      "/dev/mapper/crypted": "present",
      "/dev/mapper/closed": "unknown",
      "/dev/vg/root": "unknown",
      "rpool/root": "not a device",
      "tmpfs": "not a device",
      "server:/export": "not a device",
      "/var/swapfile": "not a device",
      "": "not a device",
    };
    for (const [device, presence] of Object.entries(expected)) {
      assert.equal(devicePresence(ctx, device), presence, device);
    }
  });
});

Deno.test("devicePresence() does not say absent where there is no udev", async () => {
  await withScratch({ "dev/null": "", "sys/kernel/": "" }, (root) => {
    const ctx = testContext({ root });
    assert.equal(devicePresence(ctx, `UUID=${UUID}`), "unknown");
    assert.equal(devicePresence(ctx, "/dev/sda1"), "unknown");
  });
});

Deno.test("devicePresence() finds this machine's own disks", () => {
  const ctx = testContext();
  for (const { name } of readDisks(ctx)) {
    assert.equal(devicePresence(ctx, `/dev/${name}`), "present");
  }
  assert.equal(devicePresence(ctx, "/dev/no-such-disk"), "absent");
});
