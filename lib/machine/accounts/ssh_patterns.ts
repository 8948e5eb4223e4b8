/** Who connects: an account's name, and the client's address where it is known. */
export interface SshClient {
  readonly user: string;
  readonly address: string | undefined;
}

/** Whether a list of sshd_config(5) covers somebody; "maybe" when it depends on an unknown address. */
export type Match = "yes" | "no" | "maybe";

/** AllowUsers and DenyUsers: `USER` or `USER@HOST`, with `*` and `?`; HOST may be CIDR or a list. */
export function matchesUser(patterns: readonly string[], client: SshClient): Match {
  return best(patterns.map((pattern) => {
    const at = pattern.lastIndexOf("@");
    if (at === -1) return wildcard(pattern, client.user) ? "yes" : "no";
    if (!wildcard(pattern.slice(0, at), client.user)) return "no";
    return matchesHost(pattern.slice(at + 1), client.address);
  }));
}

/** AllowGroups and DenyGroups: patterns for any of the groups. */
export function matchesGroup(patterns: readonly string[], groups: readonly string[]): boolean {
  return patterns.some((pattern) => groups.some((group) => wildcard(pattern, group)));
}

/** ssh_config(5) PATTERNS, as a comma-separated list: a negated match excludes. */
export function matchesHost(list: string, address: string | undefined): Match {
  const patterns = list.split(",");
  if (patterns.includes("*") && !patterns.some((pattern) => pattern.startsWith("!"))) return "yes";
  if (address === undefined) return "maybe";
  const matches = (pattern: string) => cidrOrWildcard(pattern, address);
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1)))) return "no";
  return patterns.some((pattern) => !pattern.startsWith("!") && matches(pattern)) ? "yes" : "no";
}

/** `*` any characters, `?` one character; the whole text must match. */
export function wildcard(pattern: string, text: string): boolean {
  const expression = [...pattern].map((character) =>
    character === "*" ? ".*" : character === "?" ? "." : RegExp.escape(character)
  ).join("");
  return new RegExp(`^${expression}$`, "su").test(text);
}

/** Whether an address lies in a network, both of the same family. */
export function inNetwork(address: string, network: string, prefixLength: number): boolean {
  const [a, b] = [addressBits(address), addressBits(network)];
  return a !== undefined && b !== undefined && a.length === b.length &&
    a.slice(0, prefixLength) === b.slice(0, prefixLength);
}

/** Whether two texts are the same address; spellings of IPv6 addresses differ. */
export function sameAddress(a: string, b: string): boolean {
  const [first, second] = [addressBits(a), addressBits(b)];
  return first === undefined || second === undefined ? a === b : first === second;
}

/** Whether a text is an IP address, with or without a zone. */
export function isAddress(text: string): boolean {
  return addressBits(text) !== undefined;
}

function cidrOrWildcard(pattern: string, address: string): boolean {
  const [network, length] = pattern.split("/");
  if (length === undefined) return wildcard(pattern, address) || sameAddress(pattern, address);
  return inNetwork(address, network!, Number(length));
}

function best(matches: readonly Match[]): Match {
  return matches.includes("yes") ? "yes" : matches.includes("maybe") ? "maybe" : "no";
}

/** The bits of an address as a text of 32 or 128 digits; undefined for what is none. */
function addressBits(text: string): string | undefined {
  const address = text.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  const octets = address.split(".");
  if (octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet))) {
    return octets.map((octet) => Number(octet).toString(2).padStart(8, "0")).join("");
  }
  if (!/^[0-9a-f:]+$/i.test(address) || !address.includes(":")) return undefined;
  const [head = "", tail] = address.split("::");
  const words = (part: string) => part === "" ? [] : part.split(":");
  const missing = tail === undefined ? 0 : 8 - words(head).length - words(tail).length;
  const all = [...words(head), ...Array(Math.max(0, missing)).fill("0"), ...words(tail ?? "")];
  if (all.length !== 8 || all.some((word) => !/^[0-9a-f]{1,4}$/i.test(word))) return undefined;
  return all.map((word) => parseInt(word, 16).toString(2).padStart(16, "0")).join("");
}
