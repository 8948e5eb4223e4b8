import { machineText } from "../machine/machine_files.ts";
import type { Context } from "../program/context.ts";

/**
 * The next hops of the default routes in use, as addresses: /proc/net/route (proc_net(5), little-endian
 * hexadecimal) and /proc/net/ipv6_route (destination, prefix length, source, its length, next hop).
 */
export function defaultGateways(ctx: Context): string[] {
  const rows = (path: string) =>
    machineText(ctx, path)?.split("\n").map((line) => line.trim().split(/\s+/)) ?? [];
  const ipv4 = rows("/proc/net/route").flatMap(([, destination, gateway]) =>
    destination === "00000000" && gateway !== undefined && !/^0+$/.test(gateway)
      ? [dotted(gateway)]
      : []
  );
  const ipv6 = rows("/proc/net/ipv6_route").flatMap(([destination, length, , , gateway]) =>
    length === "00" && /^0+$/.test(destination ?? "1") && !/^0+$/.test(gateway ?? "0")
      ? [colons(gateway!)]
      : []
  );
  return [...new Set([...ipv4, ...ipv6])];
}

function dotted(hexadecimal: string): string {
  const bytes = hexadecimal.match(/../g) ?? [];
  return bytes.reverse().map((byte) => parseInt(byte, 16)).join(".");
}

function colons(hexadecimal: string): string {
  return (hexadecimal.match(/.{4}/g) ?? []).join(":");
}
