import type { MachineNow } from "./machine_now.ts";
import { sameAddress } from "../access/ssh_patterns.ts";

/** The interface that has an address now. */
export function interfaceOf(now: MachineNow, address: string): string | undefined {
  return now.interfaces.find((one) =>
    one.addresses.some((own) => sameAddress(own.address, address))
  )?.name;
}

/** The prefix length that an address has now. */
export function prefixOf(now: MachineNow, address: string): number | undefined {
  return now.interfaces.flatMap((one) => one.addresses)
    .find((own) => sameAddress(own.address, address))?.prefixLength;
}

/** Values of a key in unit files, comments and quotes not considered (systemd.network(5)). */
export function unitValues(text: string, key: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [name, value] = [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)];
    return name.trim() === key ? value.trim().split(/\s+/) : [];
  });
}
