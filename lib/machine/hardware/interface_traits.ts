import { attempt } from "../attempt.ts";
import type { Context } from "../context.ts";
import { machineHas, machineText } from "../files/machine_files.ts";
import { kernelContext, kernelText } from "./kernel_files.ts";

/**
 * What networkd can ask of an interface beside its name and address (systemd.network(5), "[Match]"). A member
 * that is missing is not known; null says that the interface has none.
 */
export interface InterfaceTraits {
  /** The kernel's type of device, else the type of the hardware: `ether`, `wlan`, `bridge` … */
  readonly type?: string;
  /** Of one that software makes; null for hardware. */
  readonly kind?: string | null;
  readonly permanentMac?: string;
  /** udev's properties, which name the driver (`ID_NET_DRIVER`) and the place (`ID_PATH`). */
  readonly properties?: Readonly<Record<string, string>>;
}

/** Of linux/if_arp.h those that a machine is reached by; systemd's names are in small letters. */
const HARDWARE: Readonly<Record<string, string>> = {
  "1": "ether",
  "32": "infiniband",
  "512": "ppp",
  "65534": "none",
  "772": "loopback",
};

/** Reads /sys/class/net and udev's own records, as far as they are there. */
export function interfaceTraits(ctx: Context, name: string): InterfaceTraits {
  const folder = `/sys/class/net/${name}`;
  const text = (file: string) => kernelText(ctx, `${folder}/${file}`)?.trim();
  const deviceType = /^DEVTYPE=(.+)$/m.exec(text("uevent") ?? "")?.[1];
  const type = deviceType ?? HARDWARE[text("type") ?? ""];
  const isHardware = machineHas(kernelContext(ctx, "/sys"), `${folder}/device`);
  const kind = isHardware ? null : deviceType;
  // NET_ADDR_PERM: the address that it has is the one that it was made with.
  const permanentMac = text("addr_assign_type") === "0" ? text("address") : undefined;
  const properties = udevProperties(ctx, text("ifindex"));
  return {
    ...(type === undefined ? {} : { type }),
    ...(kind === undefined ? {} : { kind }),
    ...(permanentMac === undefined ? {} : { permanentMac }),
    ...(properties === undefined ? {} : { properties }),
  };
}

/** A record of udev (`/run/udev/data`): lines of a letter and what it is about, `E` for a property. */
function udevProperties(
  ctx: Context,
  index: string | undefined,
): Record<string, string> | undefined {
  const record = index && attempt(() => machineText(ctx, `/run/udev/data/n${index}`));
  if (!record) return undefined;
  return Object.fromEntries(
    [...record.matchAll(/^E:([^=\n]+)=(.*)$/gm)].map(([, key, value]) => [key!, value!]),
  );
}
