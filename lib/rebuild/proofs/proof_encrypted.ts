import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/**
 * Whether the encrypted devices that the root file system stands on are opened at boot. That the file
 * system's device is there now says nothing: it is there because they are open.
 */
export function proveEncrypted({ after, now: { disks } }: ProofQuestion): Verdict[] {
  const { luks } = after.boot;
  return disks.below.filter(({ kind }) => kind === "luks").map(({ mappedName: name, on }) => {
    const what = `the encrypted device ${name} below the root file system is opened at boot`;
    const entry = luks.find((one) =>
      one.name === name || on.includes(disks.kernelName(one.device))
    );
    return entry !== undefined
      ? holds("disk", what, `boot.initrd.luks.devices."${entry.name}"`)
      : fails(
        "disk",
        what,
        "boot.initrd.luks.devices does not name it",
        `boot.initrd.luks.devices."${name}".device = "/dev/disk/by-uuid/…"; (that of ${
          on.join(", ")
        }: see lsblk -f)`,
      );
  });
}
