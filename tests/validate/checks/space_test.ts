import { deepEqual, equal, match } from "node:assert/strict";
import { testContext } from "../../support/context.ts";
import { mustRun } from "../../support/must_run.ts";
import { isRoot } from "../../support/needs.ts";
import { look, lookAt } from "../look.ts";

const DISK = "21 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw\n";

for (
  const [what, id, mountinfo, readOnly] of [
    ["a disk that is written", "space-root", DISK, undefined],
    // show_mountinfo() of the kernel: an error makes the file system read-only, and not the mount.
    [
      "a root that an error made read-only",
      "space-root",
      "21 1 8:2 / / rw,relatime - ext4 /dev/sda2 ro,errors=remount-ro\n",
      "/",
    ],
    ["a root that was mounted so", "space-root", "21 1 8:2 / / ro - ext4 /dev/sda2 rw\n", "/"],
    [
      "the store's mount, which is so on purpose",
      "space-store",
      DISK + "22 21 8:2 /nix/store /nix/store ro - ext4 /dev/sda2 rw\n",
      undefined,
    ],
    [
      "the store of a disk with an error",
      "space-store",
      DISK + "22 21 8:3 /store /nix/store ro - ext4 /dev/sda3 ro\n",
      "/nix/store",
    ],
    [
      "logs on a disk of their own",
      "space-logs",
      DISK + "22 21 8:4 / /var/log rw - xfs /dev/sdb1 ro\n",
      "/var/log/hypervisor",
    ],
    ["a machine that does not say", "space-root", "", undefined],
  ] as const
) {
  Deno.test(`${id} and ${what}`, async () => {
    const { status, detail, remedy } = await lookAt(id, { "proc/self/mountinfo": mountinfo });
    if (readOnly === undefined) equal(/read-only/.test(detail), false, detail);
    else {
      deepEqual([status, detail], ["fail", `${readOnly} is read-only`]);
      match(remedy!, /dmesg.*mount -o remount,rw \//);
    }
  });
}

Deno.test("space-boot looks where the kernels are: /efi can be full while /boot is a folder of /", async () => {
  const files = {
    "proc/self/mountinfo": DISK + "22 21 8:1 / /efi rw - vfat /dev/sda1 ro\n",
    "boot/": "",
    "efi/EFI/systemd/systemd-bootx64.efi": "",
    "efi/loader/loader.conf": "",
  };
  equal((await lookAt("space-boot", files)).detail, "/efi is read-only");
  const { detail } = await lookAt("space-boot", {
    ...files,
    "proc/self/mountinfo": files["proc/self/mountinfo"].replace("sda1 ro", "sda1 rw"),
  });
  match(detail, /free in \/efi$/);
});

Deno.test({
  name: "space-logs fails where no file can be made any more, however much room there is",
  ignore: !isRoot,
  fn: async () => {
    const folder = Deno.makeTempDirSync({ prefix: "space-" });
    const mount = (...args: string[]) => mustRun("mount", [...args, folder]);
    mount("-t", "tmpfs", "-o", "size=300m,nr_inodes=4000", "tmpfs");
    try {
      Deno.mkdirSync(`${folder}/var/log/hypervisor`, { recursive: true });
      const looked = () => look("space-logs", testContext({ root: folder }));
      deepEqual((await looked()).status, "pass");
      mount("-o", "remount,nr_inodes=1000");
      const few = await looked();
      deepEqual([few.status, /for 9\d\d more files/.test(few.detail)], ["warn", true]);
      mount("-o", "remount,nr_inodes=50");
      equal((await looked()).status, "fail");
    } finally {
      mustRun("umount", ["-l", folder]);
      Deno.removeSync(folder);
    }
  },
});
