import type { Context } from "./context.ts";
import { commandLine } from "./shell_words.ts";

/**
 * The line that starts one of the five tools for the same machine, as a person types it: with `--root` where
 * that is a mounted one.
 */
export function ownLine(ctx: Pick<Context, "root">, tool: string, ...args: string[]): string {
  const { isRunning, path } = ctx.root;
  return commandLine(tool, isRunning ? args : [...args, "--root", path]);
}
