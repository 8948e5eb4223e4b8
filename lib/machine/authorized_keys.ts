import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import type { Context } from "../program/context.ts";
import type { Account } from "./accounts.ts";
import { machineText } from "./machine_files.ts";

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
 * Reads which keys open sessions of an account. Never throws. What is in the home folder belongs to
 * the user: no link of theirs is followed, only plain files of theirs or root's count.
 */
export function readAuthorizedKeys(ctx: Context, account: Account): AuthorizedKeys {
  const system = machineText(ctx, `/etc/ssh/authorized_keys.d/${account.name}`);
  return {
    system: keyLines(system ?? ""),
    home: keyLines(readAtHome(ctx, account) ?? "").length > 0,
  };
}

/** The lines of an authorized_keys file that hold a key, options included. */
export function keyLines(text: string): string[] {
  return text.split("\n").map((line) => line.trim())
    .filter((line) => !line.startsWith("#") && KEY.test(line));
}

function readAtHome(ctx: Context, { home, uid }: Account): string | undefined {
  const owned = (owner: number) => owner === uid || owner === 0;
  let file: number | undefined;
  try {
    const folder = `${ctx.root.follow(home)}/.ssh`;
    const info = lstatSync(folder);
    if (!info.isDirectory() || !owned(info.uid)) return undefined;
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    file = openSync(`${folder}/authorized_keys`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const { size, ...stat } = fstatSync(file);
    const isPlain = (stat.mode & constants.S_IFMT) === constants.S_IFREG;
    return isPlain && owned(stat.uid) && size <= MAX_SIZE ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
