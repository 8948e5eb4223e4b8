import type { Context } from "../context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineFolder, machineText } from "../files/machine_files.ts";
import { linkName } from "./pci.ts";

/** A network interface that is hardware (a bridge, bond or tunnel is not). */
export interface NetworkCard {
  /** The interface's name, for example `enp3s0`. */
  readonly name: string;
  readonly driver: string | undefined;
  /** `up`, `down`, `unknown` …: operstate of the kernel's sysfs-class-net documentation. */
  readonly state: string;
}

/** Reads /sys/class/net: the interfaces with a device behind them. */
export function readNetworkCards(ctx: Context): NetworkCard[] {
  const sys = kernelContext(ctx, "/sys");
  return machineFolder(sys, "/sys/class/net")
    .filter((name) => linkName(sys, `/sys/class/net/${name}/device`) !== undefined)
    .map((name) => ({
      name,
      driver: linkName(sys, `/sys/class/net/${name}/device/driver`),
      state: machineText(sys, `/sys/class/net/${name}/operstate`)?.trim() ?? "unknown",
    }));
}
