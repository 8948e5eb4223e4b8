import { ExitCode } from "../machine/exit_code.ts";
import { parentOf } from "../machine/files/files.ts";
import { refuseUnreadable } from "../machine/files/regular_file.ts";
import { CommandError } from "../machine/run.ts";
import { evaluationFailure } from "../nix/evaluation/evaluation_failure.ts";
import { temporaryStore } from "../nix/evaluation/temporary_store.ts";
import type { Context } from "../machine/context.ts";

/** Parsing takes milliseconds. */
const TIMEOUT = 20_000;

/**
 * Parses Nix files without evaluating them.
 * @param paths host paths
 * @returns Nix's own rendering of what it parsed
 * @throws ToolError exit 6 with Nix's message when one is no Nix, 3 when HOME is someone else's,
 *   2 without Nix, 1 when Nix crashes
 */
export async function parseNix(ctx: Context, paths: readonly string[]): Promise<string> {
  for (const path of paths) refuseUnreadable(path);
  using store = temporaryStore(ctx);
  const result = await ctx.run("nix-instantiate", ["--parse", ...paths], {
    accept: "any",
    timeout: TIMEOUT,
    cwd: "/",
    env: store.env,
  });
  if (result.code === 0) return result.stdout;
  const what = paths.length === 1
    ? paths[0]!
    : `${paths.length} files of ${[...new Set(paths.map(parentOf))].join(", ")}`;
  const failure = evaluationFailure(what, result.stderr);
  if (result.code === 1 || failure.code === ExitCode.PermissionDenied) throw failure;
  // Nix itself crashed: that says nothing about the files.
  throw new CommandError(result);
}
