import type { Context } from "../context.ts";
import type { Account } from "./accounts.ts";
import { machineText } from "../files/machine_files.ts";
import { readUserFile } from "./user_file.ts";

/** The keys that open sessions of an account, by who manages them. */
export interface AuthorizedKeys {
  /** Lines of /etc/ssh/authorized_keys.d/NAME: the system's, made anew by each activation. */
  readonly system: readonly string[];
  /** Whether ~/.ssh/authorized_keys holds a key; false also when it could not be looked at. */
  readonly home: boolean;
}

/** A key file is a few lines; more than this is not one. Bytes. */
const MAX_SIZE = 1024 * 1024;
/** A public key with its type, after options if any: sshd(8), "AUTHORIZED_KEYS FILE FORMAT". */
const KEY = /(?:^|[\s"])(?:ssh-|ecdsa-sha2-|sk-ssh-|sk-ecdsa-)[\w@.-]+\s+AAAA[A-Za-z0-9+/]+=*/;

/**
 * Reads which keys open sessions of an account. Never throws, but when aborted. What is in the
 * home folder is read with the user's own rights.
 */
export async function readAuthorizedKeys(ctx: Context, account: Account): Promise<AuthorizedKeys> {
  const system = machineText(ctx, `/etc/ssh/authorized_keys.d/${account.name}`);
  return {
    system: keyLines(system ?? ""),
    home: keyLines(await readAtHome(ctx, account)).length > 0,
  };
}

/** The lines of an authorized_keys file that hold a key, options included. */
export function keyLines(text: string): string[] {
  return text.split("\n").map((line) => line.trim())
    .filter((line) => !line.startsWith("#") && KEY.test(line));
}

/** sshd, too, follows links here, and refuses what others than the user and root own (StrictModes). */
async function readAtHome(ctx: Context, { home, uid, gid }: Account): Promise<string> {
  try {
    const path = ctx.root.follow(`${home}/.ssh/authorized_keys`);
    const read = await readUserFile(ctx, path, { uid, gid }, MAX_SIZE);
    return read.kind === "read" ? read.text : "";
  } catch {
    ctx.signal.throwIfAborted();
    return "";
  }
}
