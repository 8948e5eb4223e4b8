import type { Account, Accounts } from "./accounts.ts";

/** An account that an install leaves out, and why. */
export interface ExcludedAccount {
  readonly name: string;
  readonly uid: number;
  readonly reason: string;
}

/** Which accounts are people's. */
export interface LoginUsers {
  /** root and the people, in the file's order. */
  readonly migratable: readonly Account[];
  readonly excluded: readonly ExcludedAccount[];
}

/** UIDs of people: login.defs(5) UID_MIN to below nobody (65534). */
const FIRST_UID = 1000;
const LAST_UID = 65533;

/** Programs that stand for "no login", by name, because each distribution has its own paths. */
const NO_LOGIN = new Set(["nologin", "false", "true", "sync", "halt", "shutdown"]);

/** Tells people's accounts (and root) from those of services. */
export function loginUsers({ accounts }: Accounts): LoginUsers {
  const migratable: Account[] = [];
  const excluded: ExcludedAccount[] = [];
  for (const account of accounts) {
    const reason = reasonAgainst(account);
    if (reason === undefined) migratable.push(account);
    else excluded.push({ name: account.name, uid: account.uid, reason });
  }
  return { migratable, excluded };
}

/** Whether the account's shell lets someone in; an empty field means /bin/sh (passwd(5)). */
export function hasLoginShell({ shell }: Account): boolean {
  return !NO_LOGIN.has(shell.slice(shell.lastIndexOf("/") + 1));
}

/** Whether an account is one of those that Nix builds as; their number follows `nix.nrBuildUsers`. */
export function isBuildUser(name: string): boolean {
  return /^nixbld\d*$/.test(name);
}

function reasonAgainst(account: Account): string | undefined {
  const { name, uid } = account;
  if (name === "root" && uid === 0) return undefined;
  if (name === "nobody") return "nobody is nobody's account";
  if (isBuildUser(name)) return "a build user of Nix";
  if (uid < FIRST_UID) return `a system account (uid below ${FIRST_UID})`;
  if (uid > LAST_UID) return `not a person's account (uid above ${LAST_UID})`;
  if (!hasLoginShell(account)) return `no login shell (${account.shell})`;
  return undefined;
}
