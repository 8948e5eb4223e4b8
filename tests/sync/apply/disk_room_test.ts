/** A sync must not take the last room from guests and logs: on a disk that is really small. */
import { equal, throws } from "node:assert/strict";
import { DiskRoom } from "../../../lib/sync/apply/disk_room.ts";
import { isRoot } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

const MIB = 1024 * 1024;

Deno.test({
  name: "DiskRoom stops what would leave a disk less than a twentieth of it",
  ignore: !isRoot,
  fn: () =>
    withScratch({ "disk/": "" }, (folder) => {
      const disk = `${folder}/disk`;
      run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk);
      try {
        const room = new DiskRoom(disk);
        room.use(40 * MIB);
        Deno.writeFileSync(`${disk}/file`, new Uint8Array(40 * MIB));
        // Little by little it is the same; so little is asked of the disk only now and then.
        for (let used = 0; used < 31; used++) room.use(MIB);
        throws(() => room.use(MIB), /nearly full: the new files would leave too little room/);
      } finally {
        run("umount", disk);
      }
    }),
});

function run(command: string, ...args: string[]): void {
  const { success } = new Deno.Command(command, { args }).outputSync();
  equal(success, true, [command, ...args].join(" "));
}
