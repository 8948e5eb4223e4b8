import { equal } from "node:assert/strict";
import { answersAt } from "../../../lib/machine/files/remote_place.ts";
import type { Mount } from "../../../lib/machine/hardware/mounts.ts";
import { testContext } from "../../support/context.ts";
import { answering } from "../../validate/look.ts";

const mount = (mountPoint: string, fsType: string): Mount => ({
  mountPoint,
  source: "server:/export",
  fsType,
  options: ["rw"],
  readOnly: "no",
  device: "0:1",
});

Deno.test("answersAt() asks by a child where a server may be gone, and takes no answer for no", async () => {
  const mounts = [mount("/", "ext4"), mount("/home", "nfs4"), mount("/home/bob", "ext4")];
  const asked: string[] = [];
  const stat = (timedOut: boolean) => (args: readonly string[]) => {
    asked.push(args.at(-1)!);
    return timedOut ? { code: 137, timedOut } : "";
  };
  const answers = (path: string, timedOut = true) =>
    answersAt(answering(testContext(), { stat: stat(timedOut) }), mounts, path);
  equal(await answers("/root"), true);
  equal(await answers("/home/bob"), true);
  equal(asked.length, 0, "a disk is not asked");
  equal(await answers("/home/alice"), false);
  equal(await answers("/home/alice", false), true);
  equal(asked.join(), "/home/alice,/home/alice");
});

Deno.test("answersAt() knows what may wait for somebody else", async () => {
  const hangs = answering(testContext(), { stat: { code: 137, timedOut: true } });
  for (const type of ["nfs", "nfs4", "cifs", "fuse.sshfs", "fuse", "9p", "autofs", "ceph"]) {
    equal(await answersAt(hangs, [mount("/home", type)], "/home/a"), false, type);
  }
  for (const type of ["ext4", "zfs", "btrfs", "bcachefs", "tmpfs", "overlay", "fuseblk"]) {
    equal(await answersAt(hangs, [mount("/home", type)], "/home/a"), true, type);
  }
  equal(await answersAt(hangs, [], "/home/a"), true);
});
