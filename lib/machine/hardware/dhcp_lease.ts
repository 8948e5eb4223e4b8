import type { Context } from "../context.ts";
import { machineFolder, machineText, readMachineFile } from "../files/machine_files.ts";

/** What can have got an address from a DHCP server. */
export type LeaseHolder = "dhcpcd" | "systemd-networkd" | "NetworkManager";

/** Where an IPv4 address (`yiaddr`) stands in a DHCP message; RFC 2131, section 2. */
const YIADDR = 16;

/**
 * Who holds a DHCP lease for an IPv4 address: dhcpcd keeps the server's message, systemd-networkd and
 * NetworkManager a file of assignments. Undefined when nobody does, or it cannot be read.
 */
export function leaseHolder(ctx: Context, address: string): LeaseHolder | undefined {
  const [dhcpcd, networkd, manager] = [
    "/var/lib/dhcpcd",
    "/run/systemd/netif/leases",
    "/var/lib/NetworkManager",
  ] as const;
  const assigned = (folder: string, name: string) =>
    machineText(ctx, `${folder}/${name}`)?.split("\n").includes(`ADDRESS=${address}`) ?? false;
  if (machineFolder(ctx, networkd).some((name) => assigned(networkd, name))) {
    return "systemd-networkd";
  }
  const leases = (folder: string) =>
    machineFolder(ctx, folder).filter((name) => name.endsWith(".lease"));
  if (leases(manager).some((name) => assigned(manager, name))) return "NetworkManager";
  const offered = (name: string) => {
    const file = readMachineFile(ctx, `${dhcpcd}/${name}`);
    return file.kind === "read" && file.bytes.slice(YIADDR, YIADDR + 4).join(".") === address;
  };
  return leases(dhcpcd).some(offered) ? "dhcpcd" : undefined;
}
