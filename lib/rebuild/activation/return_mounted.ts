import { linkAtomic } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { generationOf } from "../../nix/generations.ts";
import type { Context } from "../../machine/context.ts";

/**
 * Makes a system that a mounted machine has already what that machine boots: its profile, as
 * `nix-env --switch-generation` sets it, and its boot loader, from inside (nixos-enter of
 * nixos-install-tools). Nothing of the machine that runs now is touched, and no network is needed.
 * @throws ToolError exit 2 without nixos-enter, exit 1 when the machine no longer has the system or its
 *   boot loader could not be written; the profile is as before then
 */
export async function returnMountedSystem(ctx: Context, toplevel: string): Promise<void> {
  const generation = generationOf(ctx, toplevel);
  if (generation === undefined) {
    throw new ToolError(`${ctx.root.path} has no generation of ${toplevel} any more`, {
      hint: "start the machine, and choose an older generation in its boot menu",
    });
  }
  if (ctx.run.which("nixos-enter") === undefined) {
    throw new ToolError('command "nixos-enter" not found', {
      code: ExitCode.MissingDependency,
      hint:
        "it writes the boot loader of a mounted machine; NixOS and its installation image have it",
    });
  }
  const profile = ctx.root.host(places.systemProfile);
  const before = Deno.readLinkSync(profile);
  ctx.passPointOfNoReturn();
  linkAtomic(`system-${generation}-link`, profile);
  const inside = ["--root", ctx.root.path, "--", `${toplevel}/bin/switch-to-configuration`, "boot"];
  let code: number | undefined;
  try {
    ({ code } = await ctx.run("nixos-enter", inside, {
      accept: "any",
      signal: null,
      onLine: (line) => ctx.out.print(line),
    }));
  } finally {
    if (code !== 0) linkAtomic(before, profile);
  }
  if (code === 0) return;
  throw new ToolError(`the boot loader of ${ctx.root.path} was not written (exit code ${code})`, {
    hint: "its last lines say why; or start the machine and choose an older generation in its menu",
  });
}
