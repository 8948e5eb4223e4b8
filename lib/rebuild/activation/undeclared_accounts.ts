import { type Accounts, groupNamesOf, readAccounts } from "../../machine/accounts/accounts.ts";
import {
  type AccountNames,
  keepUndeclaredAccounts,
} from "../../machine/accounts/declared_accounts.ts";
import { places } from "../../machine/places.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { bootDefault, currentSystem } from "../../nix/generations.ts";
import { systemRecord } from "../../nix/system_record.ts";
import type { Context } from "../../machine/context.ts";

/**
 * Accounts that only an installation declared are people's: the system that no longer declares them
 * keeps them. Call it right before that system is activated.
 * @param after what is to be activated; what is not known of it declares nothing
 * @throws ToolError as `withAccountLock`
 */
export async function keepUndeclared(
  ctx: Context,
  after: ConfigurationFacts | null | undefined,
): Promise<void> {
  const names = accountsToKeep(ctx, after ?? undefined, readAccounts(ctx));
  if (names.users.length + names.groups.length === 0) return;
  const { users } = await keepUndeclaredAccounts(ctx, names);
  if (users.length > 0) {
    const whether = after ? "no longer declared" : "declared or not by the system that comes";
    ctx.log.info(`accounts that stay, ${whether}: ${users.join(", ")}`);
  }
}

/** {@link undeclaredAccounts} of the system whose declarations NixOS remembers. */
export function accountsToKeep(
  ctx: Context,
  after: ConfigurationFacts | undefined,
  accounts: Accounts,
): AccountNames {
  const running = systemRecord(ctx, currentSystem(ctx) ?? bootDefault(ctx));
  return undeclaredAccounts(running?.facts ?? undefined, after, accounts);
}

/**
 * The accounts that an installation declared in users-local.nix for people who had them already, known
 * by their password file below the state folder, and that the next system does not declare; with the
 * groups they are in that it does not declare either. NixOS would remove them.
 * @param before what runs; undefined when nothing was recorded of it
 * @param after what is to be activated; what is not known of it declares nothing
 */
function undeclaredAccounts(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts | undefined,
  accounts: Accounts,
): AccountNames {
  const declared = new Set(after?.users.accounts.map(({ name }) => name));
  const users = (before?.users.accounts ?? [])
    .filter(({ passwordFile }) => passwordFile?.startsWith(`${places.passwords}/`))
    .map(({ name }) => name)
    .filter((name) => !declared.has(name));
  const declaredGroups = new Set(after?.users.groups.map(({ name }) => name));
  const groups = accounts.accounts.filter(({ name }) => users.includes(name))
    .flatMap((account) => groupNamesOf(accounts, account))
    .filter((name) => !declaredGroups.has(name));
  return { users, groups: [...new Set(groups)] };
}
