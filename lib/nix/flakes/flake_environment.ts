import { statIfSeen } from "../../machine/files/files.ts";
import { type HostBase, usableHostRecord } from "../../machine/host_record.ts";
import type { Context } from "../../machine/context.ts";
import type { FlakeReference } from "./flake_reference.ts";
import { nixPath } from "../search_path.ts";

/**
 * What a flake's own code must see in its environment: which machine is managed, for hosts that read
 * their configuration from it, and what the base of the installed one is evaluated with, whatever the
 * caller's variables say.
 * @param flake the flake, where it may be a checkout of somebody else's
 */
export function flakeEnvironment(
  ctx: Context,
  flake?: FlakeReference,
): Record<string, string> {
  const base = usableHostRecord(ctx)?.base;
  const search = base?.kind === "channel" ? { NIX_PATH: nixPath(ctx, base.searchPath) } : {};
  const checkout = flake?.checkout ?? baseCheckout(ctx);
  return {
    HYPERVISOR_ROOT: ctx.root.isRunning ? "" : ctx.root.path,
    HYPERVISOR_STAGED: "",
    ...search,
    ...checkoutEnvironment(checkout),
  };
}

/** The git checkout that the installed host's base is in, as a host path. */
export function baseCheckout(ctx: Context): string | undefined {
  const base = usableHostRecord(ctx)?.base;
  return base ? checkoutOf(ctx, base) : undefined;
}

/** The git checkout that a base is in, as a host path. */
export function checkoutOf(ctx: Pick<Context, "root">, base: HostBase): string | undefined {
  return base.kind === "flake" && base.checkout ? ctx.root.host(base.checkout) : undefined;
}

/**
 * Git lets root read the checkout of the user whom SUDO_UID names, and of no one else: also when root
 * came by doas, su or a login of its own (git-config(1), safe.directory).
 * @param checkout the host path of a git checkout
 */
export function checkoutEnvironment(checkout: string | undefined): Record<string, string> {
  if (checkout === undefined || Deno.uid() !== 0) return {};
  const uid = statIfSeen(checkout)?.uid;
  return uid ? { SUDO_UID: String(uid) } : {};
}
