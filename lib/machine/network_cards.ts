import type { Context } from "../program/context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder, machineHas, machineText } from "./machine_files.ts";
import { linkName } from "./pci.ts";

/** A network interface that is hardware (a bridge, bond or tunnel is not). */
export interface NetworkCard {
  /** The interface's name, for example `enp3s0`. */
  readonly name: string;
  readonly mac: string | undefined;
  readonly driver: string | undefined;
  /** Mbit/s; undefined while there is no link, and for most virtual hardware. */
  readonly speed: number | undefined;
  /** `up`, `down`, `unknown` …: operstate of the kernel's sysfs-class-net documentation. */
  readonly state: string;
  readonly wireless: boolean;
}

/** Reads /sys/class/net: the interfaces with a device behind them. */
export function readNetworkCards(ctx: Context): NetworkCard[] {
  const sys = kernelContext(ctx, "/sys");
  return machineFolder(sys, "/sys/class/net")
    .filter((name) => linkName(sys, `/sys/class/net/${name}/device`) !== undefined)
    .map((name) => {
      const read = (file: string) => machineText(sys, `/sys/class/net/${name}/${file}`)?.trim();
      const speed = Number(read("speed") ?? -1);
      return {
        name,
        mac: read("address") || undefined,
        driver: linkName(sys, `/sys/class/net/${name}/device/driver`),
        speed: speed > 0 ? speed : undefined,
        state: read("operstate") ?? "unknown",
        wireless: machineHas(sys, `/sys/class/net/${name}/wireless`) ||
          machineHas(sys, `/sys/class/net/${name}/phy80211`),
      };
    });
}
