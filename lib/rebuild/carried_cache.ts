import { readAccounts } from "../machine/accounts.ts";
import { lstatIfExists } from "../machine/files.ts";
import { invokingUser } from "../machine/invoking_user.ts";
import { type BinaryCache, findBinaryCache, isUsable } from "../nix/binary_cache.ts";
import type { Context } from "../program/context.ts";

/**
 * The binary cache of the USB stick that this program was started from: its launcher names the source
 * tree beside it in HYPERVISOR_SOURCE. One that others could have written is named and not used.
 */
export function carriedCache(ctx: Context): BinaryCache | undefined {
  const named = ctx.env.HYPERVISOR_SOURCE;
  if (!named || !lstatIfExists(named)) return undefined;
  const trusted = new Set([0, Deno.uid(), invokingUser(ctx, readAccounts(ctx))?.account.uid]);
  const cache = findBinaryCache(Deno.realPathSync(named), (uid) => trusted.has(uid));
  if (isUsable(cache)) return cache;
  if (cache) ctx.log.warn(`the binary cache ${cache.folder} is not used: it ${cache.problem}`);
  return undefined;
}
