import type { Context } from "../machine/context.ts";
import { installedLayout, modulesFolder } from "../machine/tree_layout.ts";

/** Opens a shell in the generated configuration; the menu comes back when it ends. */
export async function openShell(ctx: Context): Promise<void> {
  const shell = ["bash", "sh"].find((name) => ctx.run.which(name)) ?? "/bin/sh";
  const folder = modulesFolder(installedLayout(ctx) ?? "native");
  ctx.log.info(`a shell in ${folder}; "exit" brings the menu back`);
  await ctx.run(shell, ["-i"], {
    cwd: ctx.root.follow(folder),
    group: "terminal",
    accept: "any",
  });
}
