import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { matchesHost } from "../../machine/accounts/ssh_patterns.ts";
import type { AccountState, MachineNow } from "../proofs/machine_now.ts";

/** The number of keys that open a session for an account, from where this client connects. */
export function usableKeys(
  { authorizedKeysFiles }: ConfigurationFacts["ssh"],
  account: AccountState,
  now: MachineNow,
): number {
  const files = keyFilesOf(authorizedKeysFiles, account);
  // NixOS writes declared keys to this file; sshd looks there only when the list names it.
  const declared = files.includes(`/etc/ssh/authorized_keys.d/${account.name}`)
    ? account.declaredKeys
    : [];
  const lines = [...declared, ...files.flatMap((path) => now.keyFiles[path] ?? [])];
  // sshd takes each key once, whatever options it has where it stands again.
  return new Set(
    lines.filter((line) => opensSession(line, now)).map((line) => KEY_TYPE.exec(line)![2]),
  ).size;
}

/** The files where sshd looks for an account's keys: tokens expanded, relative to its home (sshd_config(5)). */
export function keyFilesOf(
  patterns: readonly string[],
  account: { readonly name: string; readonly home: string; readonly uid: number | null },
): string[] {
  const tokens: Readonly<Record<string, string>> = {
    "%u": account.name,
    "%h": account.home,
    // Of an account whose number is not given yet no file is there.
    "%U": String(account.uid ?? "%U"),
    "%%": "%",
  };
  return patterns.filter((pattern) => pattern !== "none").map((pattern) => {
    const path = pattern.replace(/%[uhU%]/g, (token) => tokens[token]!);
    return path.startsWith("/") ? path : `${account.home}/${path}`;
  });
}

/**
 * Key types that may start a line, after its options; sshd(8), AUTHORIZED_KEYS FILE FORMAT. DSA has not been
 * taken since OpenSSH 7.0.
 */
const KEY_TYPE =
  /(?:^|\s)((?:ssh(?!-dss)|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/;

/** Whether a line of authorized_keys opens a session: no forced command, not expired, and `from=` fits. */
function opensSession(line: string, { session, at }: MachineNow): boolean {
  const type = KEY_TYPE.exec(line);
  if (line.trimStart().startsWith("#") || type === null) return false;
  const options = line.slice(0, type.index);
  if (/(^|,)\s*(command=|cert-authority|no-pty)/i.test(options)) return false;
  if (/(^|,)\s*restrict\b/i.test(options) && !/(^|,)\s*pty\b/i.test(options)) return false;
  const expiry = /(?:^|,)\s*expiry-time="(\d{8})\d*Z?"/i.exec(options)?.[1];
  // A key that expires today is not one to rely on.
  const today = at.toISOString().slice(0, 10).replaceAll("-", "");
  if (expiry !== undefined && expiry <= today) return false;
  const from = /(?:^|,)\s*from="([^"]*)"/i.exec(options)?.[1];
  const address = session.kind === "ssh" ? session.clientAddress : undefined;
  return from === undefined || matchesHost(from, address) === "yes";
}
