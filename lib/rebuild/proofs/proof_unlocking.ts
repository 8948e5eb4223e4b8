import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** File systems that can be encrypted by themselves. */
const ENCRYPTS = /^(zfs|bcachefs)$/;

/**
 * A machine whose encrypted disks are unlocked over SSH at boot still can be, on the same port, with the
 * same host keys and a key that opens it now; elsewhere there is nothing to prove. Pure.
 */
export function proveUnlocking({ before, after }: ProofQuestion): Verdict[] {
  const isEncrypted = after.boot.luks.length > 0 ||
    after.fileSystems.some(({ fsType }) => ENCRYPTS.test(fsType));
  if (!before?.boot.initrdSsh || !isEncrypted) return [];
  const what = "disks can be unlocked over SSH at boot, as now";
  const lost = lostWay(before.boot, after.boot);
  return [
    lost === undefined ? holds("disk", what, "boot.initrd.network.ssh is on") : fails(
      "disk",
      what,
      lost,
      "boot.initrd.network = { … }; as in your present configuration",
    ),
  ];
}

type Boot = ConfigurationFacts["boot"];

function lostWay(then: Boot, next: Boot): string | undefined {
  if (!next.initrdSsh) return "boot.initrd.network.ssh is off";
  const [were, are] = [then.initrdSshWays ?? [], next.initrdSshWays ?? []];
  const keys = were.filter((way) => way.startsWith("key "));
  const lost = were.find((way) => !way.startsWith("key ") && !are.includes(way));
  if (lost !== undefined) return `its ${lost.replace(/^host/, "host key")} would be another`;
  if (keys.length > 0 && !keys.some((key) => are.includes(key))) {
    return "none of the keys that open it now would";
  }
  // kernel.org, Documentation/admin-guide/nfs/nfsroot.rst: the address that it is found at.
  const address = then.kernelParams.find((one) =>
    one.startsWith("ip=") && !next.kernelParams.includes(one)
  );
  return address && `the kernel's parameter ${address} would be gone`;
}
