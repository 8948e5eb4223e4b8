import type { ExitCode } from "../machine/exit_code.ts";
import { requireDestination } from "../machine/ssh/connection.ts";
import { runElsewhere, type ToolHere } from "../nix/remote/remote_tool.ts";
import type { Context } from "../machine/context.ts";

/** What `validator --target-host` was started for. */
export interface ValidateThereOptions {
  /** `[USER@]HOST`. */
  readonly targetHost: string;
  readonly tool: ToolHere;
  /** The options that mean the same there, as words. */
  readonly words: readonly string[];
  readonly json: boolean;
  readonly fix: boolean;
}

/**
 * Runs the validator on another machine: as root to repair, otherwise as root where sudo there asks for no
 * password, and else as whoever is logged in, who sees less.
 * @returns the exit code there
 * @throws ToolError as `runElsewhere`
 */
export async function validateThere(
  ctx: Context,
  { targetHost: named, tool, words, json, fix }: ValidateThereOptions,
): Promise<ExitCode> {
  const targetHost = requireDestination(ctx, named, "--target-host");
  return await runElsewhere(ctx, { targetHost, tool, args: words, json, needsRoot: fix });
}
