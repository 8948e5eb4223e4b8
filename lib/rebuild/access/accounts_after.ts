import type { PasswordState } from "../../machine/accounts/accounts.ts";
import type { AccountFacts, ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { AccountState, MachineNow } from "../proofs/machine_now.ts";

/**
 * The accounts as the activation will leave them (update-users-groups.pl of NixOS 24.05). Undeclared
 * accounts stay only with `mutableUsers`, and only when no earlier configuration declared them; with it
 * an existing account keeps its password, without it every password is the declared one or none.
 */
export function accountsAfter(after: ConfigurationFacts, now: MachineNow): AccountState[] {
  const declared = after.users.accounts.map((account) => declaredAccount(account, after, now));
  const names = new Set(declared.map((account) => account.name));
  const kept = now.accounts.filter((account) =>
    after.users.mutableUsers && !names.has(account.name) &&
    !now.declaredBefore.includes(account.name)
  );
  return [
    ...declared,
    ...kept.map((account) => ({
      ...account,
      declaredKeys: [],
      lacksShell: lacksShell(account.shell, after, now),
    })),
  ];
}

/** Names of accounts that are there now and that the activation removes. */
export function removedAccounts(after: ConfigurationFacts, now: MachineNow): string[] {
  const stay = new Set(accountsAfter(after, now).map((account) => account.name));
  return now.accounts.map((account) => account.name).filter((name) => !stay.has(name));
}

function declaredAccount(
  account: AccountFacts,
  after: ConfigurationFacts,
  now: MachineNow,
): AccountState {
  const existing = now.accounts.find(({ name }) => name === account.name);
  const inGroups = after.users.groups
    .filter((group) => group.members.includes(account.name)).map((group) => group.name);
  const merged = after.users.mutableUsers && !now.declaredBefore.includes(account.name)
    ? existing?.groups ?? []
    : [];
  return {
    name: account.name,
    uid: account.uid ?? existing?.uid ?? -1,
    home: account.home,
    shell: account.shell ?? existing?.shell,
    lacksShell: account.shellIsPackage !== true &&
      lacksShell(account.shell ?? existing?.shell, after, now),
    password: passwordAfter(account, existing, after.users.mutableUsers, now),
    expired: expiresBefore(account, now.at) ?? existing?.expired,
    groups: [...new Set([account.group, ...account.extraGroups, ...inGroups, ...merged])],
    declaredKeys: account.authorizedKeys,
  };
}

/** Shells that NixOS makes in every system, and what lies in the store. */
export const ALWAYS_THERE =
  /^(|\/bin\/sh|\/run\/current-system\/sw\/bin\/(sh|bash)|\/nix\/store\/.*)$/;

/**
 * Whether nothing would be at a shell's path. A program of the system goes with what installs it, which shows
 * where it is a shell of the system (`environment.shells`) now and no longer.
 */
function lacksShell(
  shell: string | undefined,
  { users }: ConfigurationFacts,
  now: MachineNow,
): boolean {
  if (shell === undefined || ALWAYS_THERE.test(shell) || users.shells?.includes(shell)) {
    return false;
  }
  return !now.has(shell) || users.shells !== undefined && now.shells.includes(shell);
}

/** A declaration without a day leaves that of /etc/shadow. */
function expiresBefore({ expires }: AccountFacts, at: Date): boolean | undefined {
  return expires ? Date.parse(expires) <= at.getTime() : undefined;
}

function passwordAfter(
  account: AccountFacts,
  existing: AccountState | undefined,
  mutableUsers: boolean,
  now: MachineNow,
): PasswordState {
  if (existing !== undefined && mutableUsers) return existing.password;
  switch (account.password) {
    case "hash":
    case "plain":
      return "hash";
    case "empty-hash":
      return "empty";
    case "file":
      // NixOS goes on without the file, and locks the password.
      return now.passwordFiles[account.passwordFile ?? ""] ?? "none";
    case "locked-hash":
      return "none";
    case "none":
      return existing === undefined && account.hasInitialPassword ? "hash" : "none";
  }
}
