import { ExitCode } from "../machine/exit_code.ts";
import { Root } from "../machine/root.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { FileUser } from "../machine/accounts/user_file.ts";
import type { RequestContext } from "./request_context.ts";

/** A token and where it was found. The value is never printed or given to a child process. */
export interface Token {
  readonly value: string;
  readonly source: string;
}

/** Letters, digits and `_`: what GitHub has ever issued; dots and dashes for other servers. */
const PLAUSIBLE = /^[A-Za-z0-9_.-]{8,255}$/;
/** The token's file in a home folder (the reference's). */
const FILE = ".config/github/token";
/** Bytes; a token with a few empty lines around it. */
const LARGEST = 1024;

/**
 * The user's GitHub token: `GITHUB_TOKEN`, else `~/.config/github/token` of the person who started the
 * program, read as `readUserFile` reads what others keep at home. What is no regular file of theirs, or not
 * of a token's form, is left alone with a warning.
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
  // Most people have none, and what reads it need not be loaded.
  if (!mayBeThere(path)) return undefined;
  const { readUserFile } = await import("../machine/accounts/user_file.ts");
  const read = await readUserFile(ctx, path, user, LARGEST);
  if (read.kind === "absent") return undefined;
  if (read.kind === "refused") {
    ctx.log.warn(`${path} is not used: it ${read.problem}`);
    return undefined;
  }
  const value = read.text.trim();
  if (PLAUSIBLE.test(value)) return { value, source: path };
  ctx.log.warn(`${path} is not used: it does not hold one token and nothing else`);
  return undefined;
}

function mayBeThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    // A home that root may not enter (NFS) is looked at by the user's own child.
    return error instanceof Deno.errors.PermissionDenied;
  }
}

/** Whose token counts: the person behind sudo, doas or pkexec, else the user this runs as. */
async function tokenOwner(ctx: RequestContext): Promise<FileUser & { home: string } | undefined> {
  const { env } = ctx;
  if (env.SUDO_USER || env.DOAS_USER || env.PKEXEC_UID) {
    const { readAccounts } = await import("../machine/accounts/accounts.ts");
    const { invokingUser } = await import("../machine/accounts/invoking_user.ts");
    // People sit at this machine, whichever one is managed.
    const here = { env, root: new Root("/") };
    const account = invokingUser(here, readAccounts(here));
    if (account) return account;
  }
  return env.HOME?.startsWith("/")
    ? { home: env.HOME, uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 }
    : undefined;
}
