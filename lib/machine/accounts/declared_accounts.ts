import type { Context } from "../context.ts";
import { withAccountLock } from "./account_lock.ts";
import { lstatIfExists, writeFileAtomic } from "../files/files.ts";
import { readMachineFile } from "../files/machine_files.ts";

/** Where NixOS notes which accounts the last activation declared (update-users-groups.pl). */
export const DECLARED_FOLDER = "/var/lib/nixos";
const FILES = { users: "declarative-users", groups: "declarative-groups" } as const;

/** Names of accounts and of groups. */
export interface AccountNames {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** What the last activation declared; empty where that is not known. Never throws. */
export function declaredAccounts(ctx: Pick<Context, "root">): AccountNames {
  return { users: read(ctx, FILES.users), groups: read(ctx, FILES.groups) };
}

/**
 * Makes NixOS forget that it declared these: it removes an account that the last activation declared
 * and the next one does not, and leaves alone what it never declared. Call it right before the
 * activation that no longer declares them.
 * @returns the names that were struck
 */
export async function keepUndeclaredAccounts(
  ctx: Pick<Context, "root" | "signal">,
  names: AccountNames,
): Promise<AccountNames> {
  return await withAccountLock(ctx, () => ({
    users: strike(ctx, FILES.users, names.users),
    groups: strike(ctx, FILES.groups, names.groups),
  }));
}

function strike(
  ctx: Pick<Context, "root">,
  file: string,
  names: readonly string[],
): string[] {
  const declared = read(ctx, file);
  const struck = declared.filter((name) => names.includes(name));
  if (struck.length === 0) return [];
  const path = ctx.root.follow(`${DECLARED_FOLDER}/${file}`);
  const info = lstatIfExists(path)!;
  const rest = declared.filter((name) => !names.includes(name));
  writeFileAtomic(path, rest.join(" "), {
    mode: (info.mode ?? 0o644) & 0o7777,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
  });
  return struck;
}

/** Words between blanks, as NixOS's script reads them. */
function read(ctx: Pick<Context, "root">, file: string): string[] {
  const content = readMachineFile(ctx, `${DECLARED_FOLDER}/${file}`);
  const text = content.kind === "read" ? new TextDecoder().decode(content.bytes) : "";
  return text.split(/\s+/).filter((word) => word !== "");
}
