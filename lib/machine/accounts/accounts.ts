import type { Context } from "../context.ts";
import { parseId, readAccountLines } from "./account_lines.ts";

/**
 * What an account's password is: "hash" can be typed, "empty" needs none, "locked" is a hash that
 * `passwd -l` put `!` before, "none" can never match (`*`, `!`, no entry in shadow), "unknown" could not be read.
 */
export type PasswordState = "hash" | "locked" | "empty" | "none" | "unknown";

/** One line of /etc/passwd; passwd(5). Holds no hash. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  /** The primary group's. */
  readonly gid: number;
  /** The whole GECOS field: NixOS's `description` is written back as it is, commas included. */
  readonly description: string;
  readonly home: string;
  /** Empty means /bin/sh (passwd(5)). */
  readonly shell: string;
  readonly passwordState: PasswordState;
  /**
   * From which day on, counted since 1970, it lets nobody in: its expiry, or the end of the time in which an
   * old password may still be changed, shadow(5); undefined for never, and when it could not be read.
   */
  readonly lastDay?: number | undefined;
}

/** One line of /etc/group; group(5). */
export interface Group {
  readonly name: string;
  readonly gid: number;
  /** Names of accounts for which this is a supplementary group. */
  readonly members: readonly string[];
}

/** The accounts of a machine. May be printed: no hash is in it. */
export interface Accounts {
  readonly accounts: readonly Account[];
  readonly groups: readonly Group[];
  /** False when /etc/shadow could not be read: password states are then "unknown". */
  readonly shadowReadable: boolean;
  /** What was skipped or looks wrong, as sentences with file and line number. */
  readonly warnings: readonly string[];
}

/** The groups of one account. */
export interface GroupsOfAccount {
  /** Undefined when no group has the account's GID. */
  readonly primary: Group | undefined;
  readonly supplementary: readonly Group[];
}

/** Reads the machine's account files. Never throws: what is unusable is in `warnings`. */
export function readAccounts(ctx: Pick<Context, "root">): Accounts {
  const passwd = readAccountLines(
    ctx,
    "/etc/passwd",
    7,
    (fields) => idProblem("uid", fields[2]!) ?? idProblem("gid", fields[3]!),
  );
  const group = readAccountLines(ctx, "/etc/group", 4, (fields) => idProblem("gid", fields[2]!));
  const shadow = readShadow(ctx);

  const accounts = [...passwd.lines.values()].map(({ name, fields }): Account => ({
    name,
    uid: Number(fields[2]),
    gid: Number(fields[3]),
    description: fields[4]!,
    home: fields[5]!,
    shell: fields[6]!,
    passwordState: stateOf(name, fields[1]!, shadow),
    ...lastDayOf(shadow.lines.get(name)?.fields ?? []),
  }));
  const groups = [...group.lines.values()].map(({ name, fields }): Group => ({
    name,
    gid: Number(fields[2]),
    members: [...new Set(fields[3]!.split(",").filter((member) => member !== ""))],
  }));
  return {
    accounts,
    groups,
    shadowReadable: shadow.kind === "read",
    warnings: [
      ...(passwd.kind === "absent" ? ["/etc/passwd is missing"] : []),
      ...passwd.warnings,
      ...group.warnings,
      ...shadow.warnings,
      ...sharedUidWarnings(accounts),
    ],
  };
}

/**
 * The password fields of /etc/shadow (or of /etc/passwd on machines without), by account name, as they
 * stand: also `!` and `*`. SECRET: for {@link Account.passwordState} "hash" and "locked" they are what
 * an attacker wants. Empty when nothing could be read; see {@link Accounts.shadowReadable}.
 */
export function passwordHashes(ctx: Context): Map<string, string> {
  const shadow = readShadow(ctx).lines;
  const hashes = new Map<string, string>();
  for (const { name, fields } of readAccountLines(ctx, "/etc/passwd", 7).lines.values()) {
    const field = fields[1] === "x" ? shadow.get(name)?.fields[1] : fields[1];
    if (field !== undefined) hashes.set(name, field);
  }
  return hashes;
}

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/** Whether an account lets nobody in any more, whatever its password is (shadow(5), expiration date). */
export function isExpired({ lastDay }: Account, now: Date): boolean {
  return lastDay !== undefined && lastDay <= now.getTime() / DAY;
}

/** The groups of an account; a supplementary group never repeats the primary one. */
export function groupsOf({ groups }: Accounts, account: Account): GroupsOfAccount {
  const primary = groups.find((group) => group.gid === account.gid);
  const supplementary = groups.filter((group) =>
    group !== primary && group.members.includes(account.name)
  );
  return { primary, supplementary };
}

/** All groups of an account, the primary one first. */
export function allGroupsOf(accounts: Accounts, account: Account): Group[] {
  const { primary, supplementary } = groupsOf(accounts, account);
  return [...(primary === undefined ? [] : [primary]), ...supplementary];
}

/** The names of {@link allGroupsOf}. */
export function groupNamesOf(accounts: Accounts, account: Account): string[] {
  return allGroupsOf(accounts, account).map(({ name }) => name);
}

function readShadow(ctx: Pick<Context, "root">): ReturnType<typeof readAccountLines> {
  return readAccountLines(ctx, "/etc/shadow", 9);
}

/** As pam_unix(8) decides it; a password of the day 0 is to be changed at once, and does not end. */
function lastDayOf(fields: readonly string[]): Pick<Account, "lastDay"> {
  const [changed, , max, , inactive, expiry] = fields.slice(2).map(parseId);
  const outlived = changed && max !== undefined && inactive !== undefined
    ? [changed + max + inactive + 1]
    : [];
  const days = [...(expiry === undefined ? [] : [expiry]), ...outlived];
  return days.length === 0 ? {} : { lastDay: Math.min(...days) };
}

function stateOf(
  name: string,
  passwdField: string,
  shadow: ReturnType<typeof readAccountLines>,
): PasswordState {
  if (passwdField !== "x") return stateOfField(passwdField);
  const line = shadow.lines.get(name);
  if (line) return stateOfField(line.fields[1]!);
  return shadow.kind === "unreadable" || shadow.skipped.has(name) ? "unknown" : "none";
}

/** What the password field of shadow(5), or a file for `hashedPasswordFile`, says. */
export function stateOfField(field: string): PasswordState {
  if (field === "") return "empty";
  if (isHash(field)) return "hash";
  return isHash(field.replace(/^!+/, "")) ? "locked" : "none";
}

/** The forms of crypt(5), in which no blank is: `$id$…`, BSDi's `_` and 19 characters, DES's 13 (or more). */
function isHash(field: string): boolean {
  return /^(\$[^\s:]+|_[./0-9A-Za-z]{19}|[./0-9A-Za-z]{13,})$/.test(field);
}

function idProblem(what: string, text: string): string | undefined {
  return parseId(text) === undefined
    ? `${what} "${text}" is not a number that can be used`
    : undefined;
}

function sharedUidWarnings(accounts: readonly Account[]): string[] {
  const byUid = Map.groupBy(accounts, (account) => account.uid);
  return [...byUid].filter(([, sharing]) => sharing.length > 1).map(([uid, sharing]) =>
    `uid ${uid} is shared by ${sharing.map(({ name }) => name).join(", ")}: ` +
    "they are one user to the kernel"
  );
}
