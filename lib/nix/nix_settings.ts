import { nixConfig } from "../machine/child_environment.ts";
import type { Context } from "../machine/context.ts";
import { createRunner } from "../machine/run.ts";

/**
 * A context under which every Nix has further settings, for evaluation and builds alike. They travel in
 * NIX_CONFIG, which nixos-rebuild and nixos-install hand on; of two lines for a setting the later one wins.
 * @param after lines of nix.conf that come after what the user set there
 * @param before lines that come before it
 */
export function withNixSettings(
  ctx: Context,
  after: readonly string[],
  before: readonly string[] = [],
): Context {
  if (after.length === 0 && before.length === 0) return ctx;
  const settings = [...before, ctx.env.NIX_CONFIG?.trimEnd() ?? "", ...after]
    .filter((line) => line !== "").join("\n");
  return {
    ...ctx,
    env: { ...ctx.env, NIX_CONFIG: settings },
    run: createRunner({ ...ctx.run.env, NIX_CONFIG: nixConfig(settings) }, ctx.signal),
  };
}
