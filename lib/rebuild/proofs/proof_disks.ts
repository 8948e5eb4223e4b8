import type { DevicePresence } from "../../machine/hardware/device_names.ts";
import { bootDevices, otherFileSystems } from "../../nix/evaluation/boot_devices.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/**
 * Whether what the evaluated configuration boots from is on this machine: root, /boot and the other
 * file systems needed for boot, LUKS devices, swap and the resume device, GRUB's disks.
 * @param presence asks the machine; a device that cannot be looked for is not held against it
 * @param before what runs now: a file system that is absent already is not held against the new one
 */
export function proveDisks(
  facts: ConfigurationFacts,
  presence: (device: string) => DevicePresence,
  before?: ConfigurationFacts,
): Verdict[] {
  const known = (before?.fileSystems ?? []).map(({ mountPoint, device }) =>
    `${mountPoint} ${device}`
  );
  const devices = [
    ...bootDevices(facts),
    ...(before === undefined ? [] : otherFileSystems(facts)
      .filter(({ mountPoint, device }) => !known.includes(`${mountPoint} ${device}`))),
  ];
  const verdicts = devices.flatMap(({ device, role, option }) => {
    const found = presence(device);
    if (found === "not a device" || found === "unknown") return [];
    const what = `${role} is on this machine`;
    return [
      found === "present"
        ? holds("disk", what, device)
        : fails("disk", what, `there is no ${device}`, `${option} = "…"; (see lsblk -f)`),
    ];
  });
  if (facts.fileSystems.some(({ mountPoint }) => mountPoint === "/")) return verdicts;
  return [
    ...verdicts,
    fails("disk", "there is a root file system", "none is configured", 'fileSystems."/"'),
  ];
}
