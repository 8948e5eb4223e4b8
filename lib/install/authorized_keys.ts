import type { Account } from "../machine/accounts.ts";
import { machineText } from "../machine/machine_files.ts";
import type { Context } from "../program/context.ts";

/** Keys that open a session for an account. */
export interface AuthorizedKeys {
  /** Lines of `/etc/ssh/authorized_keys.d/<name>`, which NixOS writes anew at activation. */
  readonly system: readonly string[];
  /** Whether `~/.ssh/authorized_keys` holds any; it is the user's own and stays. */
  readonly home: boolean;
}

/** Reads who may log in as an account by key (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"). */
export function readAuthorizedKeys(ctx: Context, account: Account): AuthorizedKeys {
  const keysOf = (path: string) =>
    (machineText(ctx, path) ?? "").split("\n").map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#"));
  return {
    system: keysOf(`/etc/ssh/authorized_keys.d/${account.name}`),
    home: keysOf(`${account.home}/.ssh/authorized_keys`).length > 0,
  };
}
