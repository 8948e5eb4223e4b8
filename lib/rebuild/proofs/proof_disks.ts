import { bootDevices, otherFileSystems } from "../../nix/evaluation/boot_devices.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/**
 * Whether what the evaluated configuration boots from is on this machine: root, /boot and the other
 * file systems needed for boot, LUKS devices, swap and the resume device, GRUB's disks. A device that
 * cannot be looked for, or is absent already, is not held against the new configuration.
 */
export function proveDisks({ before, after, now }: ProofQuestion): Verdict[] {
  const known = (before?.fileSystems ?? []).map(({ mountPoint, device }) =>
    `${mountPoint} ${device}`
  );
  const devices = [
    ...bootDevices(after),
    ...(before === undefined ? [] : otherFileSystems(after)
      .filter(({ mountPoint, device }) => !known.includes(`${mountPoint} ${device}`))),
  ];
  const verdicts = devices.flatMap(({ device, role, option }) => {
    const found = now.disks.presence(device);
    if (found === "not a device" || found === "unknown") return [];
    const what = `${role} is on this machine`;
    return [
      found === "present"
        ? holds("disk", what, device)
        : fails("disk", what, `there is no ${device}`, `${option} = "…"; (see lsblk -f)`),
    ];
  });
  if (after.fileSystems.some(({ mountPoint }) => mountPoint === "/")) return verdicts;
  return [
    ...verdicts,
    fails("disk", "there is a root file system", "none is configured", 'fileSystems."/"'),
  ];
}
