import type { Account, Accounts } from "../../machine/accounts/accounts.ts";
import { groupsOf } from "../../machine/accounts/accounts.ts";
import { places } from "../../machine/places.ts";
import type { TreeLayout } from "../../machine/tree_layout.ts";
import type { AccountFacts, ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { carriedShell } from "./login_shell.ts";
import { EVALUATED, merge, override, said, type Setting } from "./setting.ts";

/** Groups of those who run virtual machines (the reference, "User Migration"). */
const OPERATOR_GROUPS = ["wheel", "kvm", "libvirtd", "video", "input"] as const;
/** GIDs below are the system's: NixOS assigns them itself. */
const FIRST_OWN_GID = 1000;

/** An account as it is carried over. */
export interface CarriedUser {
  readonly account: Account;
  /** Supplementary groups it has now. */
  readonly groups: readonly string[];
  /** Groups of {@link OPERATOR_GROUPS} that it gets. */
  readonly added: readonly string[];
  readonly primaryGroup: string;
  /** What the configuration declares of it; undefined for an account that it does not know. */
  readonly declared?: Pick<AccountFacts, "createHome" | "homeMode" | "linger"> | undefined;
  /** From `/etc/ssh/authorized_keys.d` and the evaluated configuration. */
  readonly authorizedKeys: readonly string[];
  /** Whether `~/.ssh/authorized_keys` holds keys; it stays where it is. */
  readonly hasKeysAtHome: boolean;
  /** Machine path of the file that its password hash goes to. */
  readonly passwordFile: string;
}

/** Puts together what is known of one account. */
export function carriedUser(
  accounts: Accounts,
  account: Account,
  declared: AccountFacts | undefined,
  keys: { readonly system: readonly string[]; readonly home: boolean },
): CarriedUser {
  const { primary, supplementary } = groupsOf(accounts, account);
  const groups = supplementary.map((group) => group.name);
  return {
    account,
    groups,
    added: account.uid === 0 ? [] : OPERATOR_GROUPS.filter((name) => !groups.includes(name)),
    primaryGroup: primary?.name ?? declared?.group ?? (account.uid === 0 ? "root" : "users"),
    authorizedKeys: [...new Set([...keys.system, ...(declared?.authorizedKeys ?? [])])],
    hasKeysAtHome: keys.home,
    declared,
    passwordFile: `${places.passwords}/${account.name}`,
  };
}

/** In an order that stays when the groups that were added are the account's own: the next run writes the same. */
function extraGroups({ groups, added }: CarriedUser): string[] {
  const all = [...groups, ...added];
  const isOperators = (name: string) => OPERATOR_GROUPS.some((group) => group === name);
  return [
    ...all.filter((name) => !isOperators(name)),
    ...OPERATOR_GROUPS.filter((name) => all.includes(name)),
  ];
}

/**
 * The users module on a base: the chosen users get the groups that the owner's configuration does not
 * give them, by the groups' own lists; what /etc/group says now may come from an earlier run of this.
 * No account is declared: NixOS removes a declared one as soon as a system without the declaration is
 * activated, an older generation for example. Accounts made by hand live on by `mutableUsers`.
 * @param chosen names
 */
export function groupsOfUsers(
  chosen: readonly string[],
  facts: ConfigurationFacts | undefined,
): Setting[] {
  const people = chosen.filter((name) => name !== "root");
  const groups = OPERATOR_GROUPS.flatMap((group): Setting[] => {
    const declared = facts?.users.groups.find(({ name }) => name === group)?.members ?? [];
    const members = people.filter((name) =>
      !declared.includes(name) &&
      !facts?.users.accounts.find((account) => account.name === name)?.extraGroups.includes(group)
    );
    return members.length === 0
      ? []
      : [merge(`users.groups.${group}.members`, members, "the users chosen")];
  });
  return [...groups, ...operators(people)];
}

/** The users module without a base: accounts, their groups, and who may become root how. */
export function carryUsers(
  users: readonly CarriedUser[],
  accounts: Accounts,
  facts: ConfigurationFacts | undefined,
  layout: TreeLayout = "native",
): Setting[] {
  const uids = users.map((user) => user.account.uid);
  const shared = new Set(uids).size < uids.length;
  return [
    override(
      "users.mutableUsers",
      facts?.users.mutableUsers ?? true,
      facts ? EVALUATED : "NixOS's default",
    ),
    ...said("users", { allowNoPasswordLogin: facts?.users.allowNoPasswordLogin }, merge),
    ...(shared ? [merge("users.enforceIdUniqueness", false, "/etc/passwd: a shared UID")] : []),
    ...users.flatMap(userSettings),
    ...groupSettings(users, accounts),
    ...shellPrograms(users),
    // The groups are all that a published tree knows its operators by.
    ...(layout === "native"
      ? operators(
        users.filter(({ account }) => account.uid !== 0).map(({ account }) => account.name),
      )
      : []),
    ...carryPasswordlessSudo(users, facts),
  ];
}

function userSettings(user: CarriedUser): Setting[] {
  const { account } = user;
  const option = ["users", "users", account.name];
  const set = (name: string, value: Setting["value"], make = override) =>
    make([...option, name], value, "/etc/passwd");
  const common = [
    set("shell", carriedShell(account.shell).path),
    set("hashedPasswordFile", user.passwordFile),
    ...said(option, { "openssh.authorizedKeys.keys": user.authorizedKeys }, merge, "/etc/passwd"),
  ];
  if (account.uid === 0) return common;
  return [
    set("isNormalUser", true),
    set("uid", account.uid),
    set("group", user.primaryGroup),
    set("extraGroups", extraGroups(user), merge),
    set("description", account.description),
    set("home", account.home),
    ...(user.declared?.linger ? [set("linger", true)] : []),
    ...homeSettings(user).map(([name, value]) => set(name, value)),
    ...common,
  ];
}

/**
 * An activation gives a home folder that it makes to its user, and sets its mode (to 700 by default), each time:
 * one that was not NixOS's to make (/, /srv/git, a network folder) must not become so.
 */
function homeSettings({ declared }: CarriedUser): [name: string, value: Setting["value"]][] {
  if (!declared?.createHome) return [["createHome", false]];
  const { homeMode } = declared;
  return homeMode && homeMode !== "700" ? [["homeMode", homeMode]] : [];
}

/** Every group a carried user is in is defined: NixOS drops a membership in an undefined one silently. */
function groupSettings(users: readonly CarriedUser[], accounts: Accounts): Setting[] {
  const names = new Set(
    users.filter(({ account }) => account.uid !== 0).flatMap((user) => [
      user.primaryGroup,
      ...user.groups,
      ...user.added,
    ]),
  );
  return [...names].sort().map((name) => {
    const gid = accounts.groups.find((group) => group.name === name)?.gid;
    return gid !== undefined && gid >= FIRST_OWN_GID
      ? override(["users", "groups", name, "gid"], gid, "/etc/group")
      : merge(["users", "groups", name], {}, "/etc/group");
  });
}

function shellPrograms(users: readonly CarriedUser[]): Setting[] {
  const programs = users.map((user) => carriedShell(user.account.shell).program);
  return [...new Set(programs)].filter((name) => name !== undefined).map((name) =>
    merge(`programs.${name}.enable`, true, "/etc/passwd: a login shell")
  );
}

function operators(names: readonly string[]): Setting[] {
  return names.length === 0 ? [] : [merge("hypervisor.operators", names, "the users chosen")];
}

/**
 * Passwordless sudo is for VM operations only (the reference, "Security Notes"). The exception: someone
 * who has it now and has no password to type would never become root again.
 */
function carryPasswordlessSudo(
  users: readonly CarriedUser[],
  facts: ConfigurationFacts | undefined,
): Setting[] {
  if (!facts?.sudo.enable) return [];
  const source = "evaluated configuration: no password to type";
  const stranded = users.filter(({ account }) =>
    account.uid !== 0 && account.passwordState !== "hash" && account.passwordState !== "empty"
  );
  const names = stranded.filter((user) =>
    (!facts.sudo.wheelNeedsPassword && user.groups.includes("wheel")) ||
    facts.sudo.grantsAll.some((rule) =>
      rule.noPassword &&
      (rule.users.includes(user.account.name) ||
        rule.groups.some((group) => group === user.primaryGroup || user.groups.includes(group)))
    )
  ).map((user) => user.account.name);
  if (names.length === 0) return [];
  const rule = { users: names, commands: [{ command: "ALL", options: ["NOPASSWD"] }] };
  return [merge("security.sudo.extraRules", [rule], source)];
}
