import { realPathIfSeen } from "../../machine/files/files.ts";
import { trustedOwners } from "../../machine/accounts/invoking_user.ts";
import { type BinaryCache, findBinaryCache, isUsable } from "../../nix/store/binary_cache.ts";
import type { Context } from "../../machine/context.ts";

/**
 * The binary cache of the USB stick that this program was started from: its launcher names the source
 * tree beside it in HYPERVISOR_SOURCE. One that others could have written is named and not used.
 */
export function carriedCache(ctx: Context): BinaryCache | undefined {
  const named = ctx.env.HYPERVISOR_SOURCE;
  const source = named ? realPathIfSeen(named) : undefined;
  if (source === undefined) return undefined;
  const cache = findBinaryCache(source, trustedOwners(ctx));
  if (isUsable(cache)) return cache;
  if (cache) ctx.log.warn(`the binary cache ${cache.folder} is not used: it ${cache.problem}`);
  return undefined;
}
