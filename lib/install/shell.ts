import type { Context } from "../program/context.ts";
import { places } from "../machine/places.ts";

/** Opens a shell in the generated configuration; the menu comes back when it ends. */
export async function openShell(ctx: Context): Promise<void> {
  const shell = ["bash", "sh"].find((name) => ctx.run.which(name)) ?? "/bin/sh";
  ctx.log.info(`a shell in ${places.configuration}; "exit" brings the menu back`);
  await ctx.run(shell, ["-i"], {
    cwd: ctx.root.follow(places.configuration),
    group: "terminal",
    accept: "any",
  });
}
