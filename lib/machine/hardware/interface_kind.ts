import type { Context } from "../context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineHas, machineText } from "../files/machine_files.ts";

/**
 * What an interface is: a `card` (also one that a container is given), `wireless`, a `tunnel`
 * (WireGuard, tun, tap, PPP) or another `virtual` one that configuration makes (bridge, bond, VLAN …).
 */
export type InterfaceKind = "card" | "wireless" | "tunnel" | "virtual";

/** ARPHRD_PPP, ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT, ARPHRD_IPGRE, ARPHRD_NONE: linux/if_arp.h. */
const TUNNEL_TYPES = new Set(["512", "768", "769", "776", "778", "65534"]);
/** Device types that the kernel's drivers name in `uevent`. */
const VIRTUAL = new Set([
  "bridge",
  "bond",
  "vlan",
  "macvlan",
  "macvtap",
  "ipvlan",
  "vxlan",
  "team",
]);

/** Reads /sys/class/net; an interface that is not there is taken for a card. */
export function interfaceKind(ctx: Context, name: string): InterfaceKind {
  const sys = kernelContext(ctx, "/sys");
  const folder = `/sys/class/net/${name}`;
  const text = (file: string) => machineText(sys, `${folder}/${file}`)?.trim();
  if (["wireless", "phy80211"].some((entry) => machineHas(sys, `${folder}/${entry}`))) {
    return "wireless";
  }
  const deviceType = /^DEVTYPE=(.*)$/m.exec(text("uevent") ?? "")?.[1];
  if (deviceType === "wireguard" || text("tun_flags") !== undefined) return "tunnel";
  if (TUNNEL_TYPES.has(text("type") ?? "")) return "tunnel";
  return VIRTUAL.has(deviceType ?? "") ? "virtual" : "card";
}
