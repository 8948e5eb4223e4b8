import { isBuildUser } from "../../machine/accounts/login_users.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { MachineNow } from "./machine_now.ts";
import { removedAccounts } from "../access/accounts_after.ts";

/** What an activation takes away. Every list is sorted. */
export interface Disappearing {
  /** Accounts of people (uid 1000 to 65533), and of the system, that would be removed. */
  readonly accounts: readonly string[];
  readonly systemAccounts: readonly string[];
  /** Accounts whose password would be locked: mutableUsers is off and none is declared. */
  readonly lockedPasswords: readonly string[];
  readonly services: readonly string[];
  readonly mounts: readonly string[];
  /** Open ports that would be closed, for example `tcp 80` or `udp 5000-5100`. */
  readonly ports: readonly string[];
}

/**
 * Compares two evaluated configurations, and the accounts with those that are there now. Without a
 * `before` only accounts can be compared.
 */
export function disappearing(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  now: MachineNow,
): Disappearing {
  // What the present configuration would remove as well is not of the new one's doing.
  const anyway = new Set(before === undefined ? [] : removedAccounts(before, now));
  const removed = removedAccounts(after, now)
    .filter((name) => !isBuildUser(name) && !anyway.has(name));
  const isPerson = (name: string) => {
    const uid = now.accounts.find((account) => account.name === name)?.uid ?? 0;
    return uid >= 1000 && uid < 65534;
  };
  const gone = (list: (facts: ConfigurationFacts) => readonly string[]) => {
    if (before === undefined) return [];
    const stay = new Set(list(after));
    return [...new Set(list(before))].filter((item) => !stay.has(item)).sort();
  };
  return {
    accounts: removed.filter(isPerson).sort(),
    systemAccounts: removed.filter((name) => !isPerson(name)).sort(),
    lockedPasswords: after.users.mutableUsers ? [] : lockedPasswords(after, now),
    services: gone((facts) => facts.services),
    mounts: gone((facts) => facts.fileSystems.map(({ mountPoint }) => mountPoint)),
    // Without a firewall nothing is closed: what was reachable then is not known here.
    ports: after.firewall.enable ? gone(({ firewall }) => openPorts(firewall)) : [],
  };
}

function lockedPasswords(after: ConfigurationFacts, now: MachineNow): string[] {
  return now.accounts.filter(({ name, password }) => {
    const declared = after.users.accounts.find((account) => account.name === name);
    return password === "hash" && declared !== undefined &&
      (declared.password === "none" || declared.password === "locked-hash");
  }).map(({ name }) => name).sort();
}

/** What a firewall's options let in: `tcp 22`, `udp 60000-61000 on eth0`. */
export function openPorts({ open, perInterface }: ConfigurationFacts["firewall"]): string[] {
  const named = (set: typeof open, suffix: string) => [
    ...set.tcp.map((port) => `tcp ${port}${suffix}`),
    ...set.udp.map((port) => `udp ${port}${suffix}`),
    ...set.tcpRanges.map(({ from, to }) => `tcp ${from}-${to}${suffix}`),
    ...set.udpRanges.map(({ from, to }) => `udp ${from}-${to}${suffix}`),
  ];
  return [
    ...named(open, ""),
    ...perInterface.flatMap(({ name, open }) =>
      named(open, name === "default" ? "" : ` on ${name}`)
    ),
  ];
}
