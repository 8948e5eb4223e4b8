import { attempt } from "../attempt.ts";
import type { Context } from "../context.ts";
import { parseId } from "./account_lines.ts";
import { readTextIfExists } from "../files/files.ts";
import { type Account, type Accounts, readAccounts } from "./accounts.ts";
import { type MayWrite, rootSelfAnd } from "../files/file_trust.ts";

/** No login UID was ever set: (uid_t) -1, proc_pid_loginuid(5). */
const NO_LOGIN_UID = "4294967295";

/**
 * The person who started the program, also through sudo, run0 (both set SUDO_USER and SUDO_UID), doas
 * (DOAS_USER) or pkexec (PKEXEC_UID); otherwise who logged in, otherwise the effective user. The first
 * who is not root; root when there is no one else. Variables are hints and may lie: a name that is no
 * account, or whose UID is another, is ignored. On a mounted machine only names count, because
 * UIDs are those of the machine you sit at.
 */
export function invokingUser(
  ctx: Pick<Context, "root" | "env">,
  { accounts }: Accounts,
): Account | undefined {
  const named = (name: string | undefined, uid?: string) => {
    const account = accounts.find((account) => account.name === name);
    const contradicted = uid !== undefined && parseId(uid) !== account?.uid;
    return contradicted ? undefined : account;
  };
  const numbered = (uid: string | undefined) =>
    uid === undefined || !ctx.root.isRunning
      ? undefined
      : accounts.find((account) => account.uid === parseId(uid));
  const found = [
    named(ctx.env.SUDO_USER, ctx.env.SUDO_UID),
    named(ctx.env.DOAS_USER),
    numbered(ctx.env.PKEXEC_UID),
    numbered(loginUid()),
    numbered(String(Deno.uid() ?? "")),
  ].filter((account) => account !== undefined);
  return found.find(({ uid }) => uid !== 0) ?? found[0];
}

/** Who may have written what a person names: root, whom this runs as, and who started the program. */
export function trustedOwners(ctx: Pick<Context, "root" | "env">): MayWrite {
  return rootSelfAnd(invokingUser(ctx, readAccounts(ctx))?.uid);
}

function loginUid(): string | undefined {
  const text = attempt(() => readTextIfExists(`/proc/${Deno.pid}/loginuid`))?.trim();
  return text === NO_LOGIN_UID ? undefined : text;
}
