import { inNetwork } from "../accounts/ssh_patterns.ts";
import type { Context } from "../context.ts";
import { kernelContext } from "./kernel_files.ts";
import { machineText } from "../files/machine_files.ts";

/** How the running machine is connected at this moment; of a mounted machine, nothing. */
export interface NetworkState {
  readonly addresses: readonly InterfaceAddress[];
  readonly defaultRoutes: readonly Pick<Route, "interface" | "gateway" | "metric">[];
  readonly nameservers: readonly string[];
}

/** An address that came by configuration; loopback and link-local ones come by themselves. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
}

/** A route of the kernel, as far as it says which way packets go. */
interface Route {
  readonly network: string;
  /** 0 for a default route. */
  readonly prefixLength: number;
  readonly interface: string;
  /** The next hop; undefined for a route that goes straight to the link. */
  readonly gateway: string | undefined;
  /** The lowest is used. */
  readonly metric: number;
}

/** RTF_UP and RTF_REJECT of linux/route.h. */
const ROUTE_UP = 0x1;
const ROUTE_REJECT = 0x200;

/** Reads addresses, default routes (/proc/net, proc_net(5)) and name servers (resolv.conf(5)). */
export function readNetworkState(ctx: Context): NetworkState {
  return {
    addresses: ctx.root.isRunning ? readAddresses() : [],
    defaultRoutes: readRoutes(ctx).filter(({ prefixLength }) => prefixLength === 0)
      .map(({ network: _, prefixLength: __, ...route }) => route),
    nameservers: readNameservers(ctx),
  };
}

/**
 * The interface that packets to an address leave through, by the route that fits best; undefined where
 * there is none. Rules that ask further tables (ip-rule(8)) are not known.
 */
export function interfaceTo(ctx: Context, address: string): string | undefined {
  return readRoutes(ctx)
    .filter(({ network, prefixLength }) => inNetwork(address, network, prefixLength))
    .sort((a, b) => b.prefixLength - a.prefixLength)[0]?.interface;
}

/** Whether nothing on a network can be reached: no address but loopback's and link-local ones, no proxy. */
export function isOffline({ env }: Pick<Context, "env">): boolean {
  const proxy = env.https_proxy ?? env.HTTPS_PROXY ?? env.all_proxy ?? env.ALL_PROXY;
  return !proxy && readAddresses().length === 0;
}

function readAddresses(): InterfaceAddress[] {
  return Deno.networkInterfaces()
    .filter(({ address }) => !/^(127\.|::1$|169\.254\.|fe[89ab])/i.test(address))
    .map(({ name, address, cidr }) => ({
      interface: name,
      address,
      prefixLength: Number(cidr.split("/")[1]),
    }));
}

/** Those of lower metric first. */
function readRoutes(ctx: Context): Route[] {
  // Of a mounted machine, nothing.
  if (kernelContext(ctx, "/proc") !== ctx) return [];
  const rows = (path: string) =>
    (machineText(ctx, path) ?? "").split("\n").map((line) => line.trim().split(/\s+/));
  const inUse = (flags: string) => (parseInt(flags, 16) & (ROUTE_UP | ROUTE_REJECT)) === ROUTE_UP;
  const ipv4 = rows("/proc/net/route").flatMap((row): Route[] => {
    if (row.length < 8) return [];
    const [name, network, gateway, flags, , , metric, mask] = row as [string, ...string[]];
    if (!inUse(flags!)) return [];
    return [{
      network: dotted(network!),
      prefixLength: parseInt(mask!, 16).toString(2).replaceAll("0", "").length,
      interface: name,
      gateway: /^0+$/.test(gateway!) ? undefined : dotted(gateway!),
      metric: Number(metric),
    }];
  });
  const ipv6 = rows("/proc/net/ipv6_route").flatMap((row): Route[] => {
    if (row.length < 10) return [];
    const [network, length, , , gateway, metric, , , flags, name] = row as [string, ...string[]];
    if (!/^[\da-f]{32}$/.test(network) || !inUse(flags!)) return [];
    return [{
      network: canonicalIpv6(network),
      prefixLength: parseInt(length!, 16),
      interface: name!,
      gateway: /^0+$/.test(gateway!) ? undefined : canonicalIpv6(gateway!),
      metric: parseInt(metric!, 16),
    }];
  });
  return [...ipv4, ...ipv6].sort((one, other) => one.metric - other.metric);
}

/** The kernel prints an IPv4 address as a number of this machine, its last byte first. */
function dotted(hexadecimal: string): string {
  return (hexadecimal.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)).join(".");
}

/** RFC 5952's form, which the URL parser produces. */
function canonicalIpv6(hexadecimal: string): string {
  const groups = hexadecimal.match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** systemd-resolved puts its own address into resolv.conf; the real servers are in a file of its. */
function readNameservers(ctx: Context): string[] {
  const linked = machineText(ctx, "/etc/resolv.conf") ?? "";
  const text = /^nameserver\s+127\.0\.0\.5[34]\s*$/m.test(linked)
    ? machineText(ctx, "/run/systemd/resolve/resolv.conf") ?? ""
    : linked;
  const entries = text.split("\n").map((line) => line.replace(/\s[#;].*/, "").trim().split(/\s+/));
  return entries.flatMap(([word, address]) => word === "nameserver" && address ? [address] : []);
}
