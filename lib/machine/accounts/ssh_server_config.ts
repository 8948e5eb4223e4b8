import type { Context } from "../context.ts";
import { machineFolder, machineText } from "../files/machine_files.ts";

/** Whom an SSH server lets in, and how. */
export interface SshLogins {
  /** `yes`, `no`, `prohibit-password` or `forced-commands-only`. */
  readonly permitRootLogin: string;
  readonly passwordAuthentication: boolean;
  readonly kbdInteractiveAuthentication: boolean;
  readonly pubkeyAuthentication: boolean;
  readonly usePAM: boolean;
  /** Empty for sshd's default files. */
  readonly authorizedKeysFiles: readonly string[];
  readonly allowUsers: readonly string[];
  readonly denyUsers: readonly string[];
  readonly allowGroups: readonly string[];
  readonly denyGroups: readonly string[];
}

/**
 * How a machine's SSH server lets people in: the global part of sshd_config(5), with sshd's own
 * defaults for what is not said. For machines whose configuration cannot be evaluated.
 */
export interface SshServerConfig extends SshLogins {
  readonly ports: readonly number[];
  /** Empty for all addresses. */
  readonly listenAddresses: readonly ListenAddress[];
  /** Empty for sshd's default files. */
  readonly hostKeys: readonly string[];
  /** Empty for sshd's own; so are the next two. */
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly kexAlgorithms: readonly string[];
  /** Lines beside these that NixOS does not write by itself: `AuthenticationMethods publickey`. */
  readonly others: readonly string[];
  /** Whether Match blocks say otherwise for some; they are not read. */
  readonly hasMatchBlocks: boolean;
}

/** `ListenAddress` of sshd_config(5). */
export interface ListenAddress {
  readonly address: string;
  /** Undefined for each of `ports`. */
  readonly port: number | undefined;
}

/** Keywords that may be given several times; of all others the first counts. */
const REPEATABLE = new Set([
  "port",
  "listenaddress",
  "hostkey",
  "allowusers",
  "denyusers",
  "allowgroups",
  "denygroups",
]);
/** What becomes a member, and what NixOS writes into every file (its sshd.nix), with the value it has then. */
const READ =
  /^(port|listenaddress|hostkey|permitrootlogin|(password|kbdinteractive|pubkey)authentication|usepam|authorizedkeysfile|(allow|deny)(users|groups)|ciphers|macs|kexalgorithms|xauthlocation|subsystem sftp|addressfamily any|banner none|printmotd no|loglevel info|(x11forwarding|usedns|gatewayports) no|strictmodes yes|authorizedprincipalsfile none)( |$)/i;
/** Older names that sshd still takes. */
const ALIASES: Readonly<Record<string, string>> = {
  challengeresponseauthentication: "kbdinteractiveauthentication",
  skeyauthentication: "kbdinteractiveauthentication",
};
/** Files that are read at most, so that files that include each other come to an end. */
const MAX_FILES = 64;

/** Reads an sshd_config and what it includes; undefined when there is none to read. */
export function readSshServerConfig(
  ctx: Context,
  path = "/etc/ssh/sshd_config",
): SshServerConfig | undefined {
  const values = new Map<string, string[][]>();
  const state = { matched: false, files: 0, lines: [] as string[] };
  if (!readInto(ctx, path, values, state)) return undefined;
  const first = (keyword: string) => values.get(keyword)?.[0];
  const all = (keyword: string) => values.get(keyword)?.flat() ?? [];
  const isOn = (keyword: string, fallback: boolean) => {
    const word = first(keyword)?.[0]?.toLowerCase();
    return word === undefined ? fallback : word === "yes";
  };
  const algorithms = (keyword: string) => first(keyword)?.join("").split(",") ?? [];
  const ports = all("port").map(Number).filter(isPort);
  return {
    ports: ports.length > 0 ? ports : [22],
    listenAddresses: (values.get("listenaddress") ?? []).flatMap(([word]) =>
      word === undefined ? [] : [parseListenAddress(word)]
    ),
    hostKeys: all("hostkey"),
    permitRootLogin: rootLogin(first("permitrootlogin")?.[0]),
    passwordAuthentication: isOn("passwordauthentication", true),
    kbdInteractiveAuthentication: isOn("kbdinteractiveauthentication", true),
    pubkeyAuthentication: isOn("pubkeyauthentication", true),
    usePAM: isOn("usepam", false),
    authorizedKeysFiles: first("authorizedkeysfile") ?? [],
    allowUsers: all("allowusers"),
    denyUsers: all("denyusers"),
    allowGroups: all("allowgroups"),
    denyGroups: all("denygroups"),
    ciphers: algorithms("ciphers"),
    macs: algorithms("macs"),
    kexAlgorithms: algorithms("kexalgorithms"),
    others: state.lines.filter((line) => !READ.test(line)),
    hasMatchBlocks: state.matched,
  };
}

/** Adds what a file says to `values`; a Match ends the file's global part. */
function readInto(
  ctx: Context,
  path: string,
  values: Map<string, string[][]>,
  state: { matched: boolean; files: number; readonly lines: string[] },
): boolean {
  const text = state.files++ < MAX_FILES ? machineText(ctx, path) : undefined;
  if (text === undefined) return false;
  for (const line of text.split("\n")) {
    const [word, ...rest] = words(line);
    if (word === undefined) continue;
    const keyword = ALIASES[word.toLowerCase()] ?? word.toLowerCase();
    if (keyword === "match") {
      state.matched = true;
      break;
    }
    if (keyword === "include") {
      for (const file of rest.flatMap((pattern) => matching(ctx, pattern))) {
        readInto(ctx, file, values, state);
      }
      continue;
    }
    state.lines.push([ALIASES[word.toLowerCase()] ?? word, ...rest].join(" "));
    if (!values.has(keyword)) values.set(keyword, [rest]);
    else if (REPEATABLE.has(keyword)) values.get(keyword)!.push(rest);
  }
  return true;
}

/** Keyword and arguments, separated by blanks or one `=`, in double quotes where they hold blanks. */
function words(line: string): string[] {
  const spaced = line.trim().replace(/^(\w+)\s*=\s*/, "$1 ");
  if (spaced.startsWith("#")) return [];
  const found = [...spaced.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)]
    .map(([, quoted, bare]) => quoted?.replace(/\\(["\\])/g, "$1") ?? bare!);
  const comment = found.findIndex((word) => word.startsWith("#"));
  return comment < 0 ? found : found.slice(0, comment);
}

/** The files of an Include: glob(7) in the last component, relative to /etc/ssh. */
function matching(ctx: Context, pattern: string): string[] {
  const path = pattern.startsWith("/") ? pattern : `/etc/ssh/${pattern}`;
  const folder = path.slice(0, path.lastIndexOf("/"));
  const last = path.slice(folder.length + 1);
  if (!/[*?]/.test(last)) return [path];
  const escaped = last.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const glob = new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
  return machineFolder(ctx, folder)
    .filter((name) => glob.test(name) && !name.startsWith("."))
    .map((name) => `${folder}/${name}`);
}

/** `address`, `address:port`, `[address]:port`; a bare IPv6 address has more than one colon. */
function parseListenAddress(word: string): ListenAddress {
  const [, bracketed, port] = /^\[([^\]]+)\](?::(\d+))?$/.exec(word) ??
    /^([^:]*):(\d+)$/.exec(word) ?? [];
  const address = bracketed ?? word;
  return { address, port: port !== undefined && isPort(Number(port)) ? Number(port) : undefined };
}

/** What PermitRootLogin's word means; `without-password` is the old name. */
export function rootLogin(word: string | undefined): string {
  const value = word?.toLowerCase() ?? "prohibit-password";
  return value === "without-password" ? "prohibit-password" : value;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}
