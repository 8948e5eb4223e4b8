import type { OpenEncrypted } from "../../machine/hardware/encrypted_below.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/**
 * Whether the encrypted devices that the root file system stands on are opened at boot. That the file
 * system's device is there now says nothing: it is there because they are open.
 * @param open those below the root file system now
 * @param resolve the kernel's name (`sda2`) of a device that a configuration names
 */
export function proveEncrypted(
  after: ConfigurationFacts,
  open: readonly OpenEncrypted[],
  resolve: (device: string) => string,
): Verdict[] {
  const { luks } = after.boot;
  return open.map(({ name, on }) => {
    const what = `the encrypted device ${name} below the root file system is opened at boot`;
    const entry = luks.find((one) => one.name === name || on.includes(resolve(one.device)));
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
