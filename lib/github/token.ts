import { ExitCode } from "../machine/exit_code.ts";
import { Root } from "../machine/root.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { RequestContext } from "./http.ts";

/** A token and where it was found. The value is never printed or given to a child process. */
export interface Token {
  readonly value: string;
  readonly source: string;
}

/** Letters, digits and `_`: what GitHub has ever issued; dots and dashes for other servers. */
const PLAUSIBLE = /^[A-Za-z0-9_.-]{8,255}$/;
/** The token's file in a home folder (the reference's). */
const FILE = ".config/github/token";

/**
 * The user's GitHub token: `GITHUB_TOKEN`, else `~/.config/github/token` of the person who started the
 * program. The file belongs to another user when root runs: it is opened without following a link and
 * must be regular, theirs and of a token's form, or it is left alone with a warning.
 * @throws ToolError exit 4 when `GITHUB_TOKEN` holds no token
 */
export async function findToken(ctx: RequestContext): Promise<Token | undefined> {
  const given = ctx.env.GITHUB_TOKEN?.trim();
  if (given) {
    if (PLAUSIBLE.test(given)) return { value: given, source: "GITHUB_TOKEN" };
    throw new ToolError("GITHUB_TOKEN does not hold a token (its value is not shown)", {
      code: ExitCode.InvalidArguments,
      hint: "set it to the token alone, or unset it",
    });
  }
  const user = await tokenOwner(ctx);
  if (user === undefined) return undefined;
  const path = `${user.home}/${FILE}`;
  const read = await readOwnFile(path, user.uid);
  if (read === undefined) return undefined;
  if (typeof read === "string") {
    if (PLAUSIBLE.test(read)) return { value: read, source: path };
    ctx.log.warn(`${path} is not used: it does not hold one token and nothing else`);
  } else ctx.log.warn(`${path} is not used: it ${read.problem}`);
  return undefined;
}

/** Whose token counts: the person behind sudo, doas or pkexec, else the user this runs as. */
async function tokenOwner(ctx: RequestContext): Promise<{ home: string; uid: number } | undefined> {
  const { env } = ctx;
  if (env.SUDO_USER || env.DOAS_USER || env.PKEXEC_UID) {
    const { readAccounts } = await import("../machine/accounts.ts");
    const { invokingUser } = await import("../machine/invoking_user.ts");
    // People sit at this machine, whichever one is managed.
    const here = { env, root: new Root("/") };
    const account = invokingUser(here, readAccounts(here))?.account;
    if (account) return account;
  }
  return env.HOME?.startsWith("/") ? { home: env.HOME, uid: Deno.uid() ?? 0 } : undefined;
}

async function readOwnFile(
  path: string,
  uid: number,
): Promise<string | { problem: string } | undefined> {
  // Most people have none, and what reads it need not be loaded.
  if (isAbsent(path)) return undefined;
  const { closeSync, constants, fstatSync, openSync, readSync } = await import("node:fs");
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ELOOP") return { problem: "is a symbolic link" };
    return code === "ENOENT" || code === "ENOTDIR" ? undefined : { problem: "cannot be read" };
  }
  try {
    const info = fstatSync(file);
    if (!info.isFile()) return { problem: "is not a regular file" };
    if (info.uid !== uid) return { problem: `belongs to user ${info.uid}` };
    const buffer = new Uint8Array(1024);
    return new TextDecoder().decode(buffer.subarray(0, readSync(file, buffer))).trim();
  } finally {
    closeSync(file);
  }
}

function isAbsent(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
  }
}
