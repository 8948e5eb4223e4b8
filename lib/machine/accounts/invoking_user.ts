import type { Context } from "../context.ts";
import { parseId } from "./account_lines.ts";
import { readTextIfExists } from "../files/files.ts";
import type { Account, Accounts } from "./accounts.ts";

/** Who started the program, and how that is known. */
export interface InvokingUser {
  readonly account: Account;
  /** A variable's name, `login` (the audit system's login UID) or `effective user`. */
  readonly source: string;
}

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
): InvokingUser | undefined {
  const named = (name: string | undefined, source: string, uid?: string) => {
    const account = accounts.find((account) => account.name === name);
    const contradicted = uid !== undefined && parseId(uid) !== account?.uid;
    return account && !contradicted ? [{ account, source }] : [];
  };
  const numbered = (uid: string | undefined, source: string) => {
    if (uid === undefined || !ctx.root.isRunning) return [];
    const account = accounts.find((account) => account.uid === parseId(uid));
    return account ? [{ account, source }] : [];
  };
  const found: InvokingUser[] = [
    ...named(ctx.env.SUDO_USER, "SUDO_USER", ctx.env.SUDO_UID),
    ...named(ctx.env.DOAS_USER, "DOAS_USER"),
    ...numbered(ctx.env.PKEXEC_UID, "PKEXEC_UID"),
    ...numbered(loginUid(), "login"),
    ...numbered(String(Deno.uid() ?? ""), "effective user"),
  ];
  return found.find(({ account }) => account.uid !== 0) ?? found[0];
}

function loginUid(): string | undefined {
  try {
    const text = readTextIfExists(`/proc/${Deno.pid}/loginuid`)?.trim();
    return text === NO_LOGIN_UID ? undefined : text;
  } catch {
    return undefined;
  }
}
