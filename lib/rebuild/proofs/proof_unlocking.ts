import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/**
 * A machine whose encrypted disks are unlocked over SSH at boot still can be; elsewhere there is
 * nothing to prove. Pure.
 */
export function proveUnlocking({ before, after }: ProofQuestion): Verdict[] {
  if (!before?.boot.initrdSsh || after.boot.luks.length === 0) return [];
  const what = "disks can be unlocked over SSH at boot, as now";
  return [
    after.boot.initrdSsh ? holds("disk", what, "boot.initrd.network.ssh is on") : fails(
      "disk",
      what,
      "boot.initrd.network.ssh is off",
      "boot.initrd.network = { … }; as in your present configuration",
    ),
  ];
}
