import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import { isUsable } from "../nix/store/binary_cache.ts";
import type { Source } from "./source/source.ts";
import type { Context } from "../machine/context.ts";
import { ownLine } from "../machine/own_line.ts";

/** For an action that failed: the files stay, and how to take them back. */
export function withFilesKept(ctx: Pick<Context, "root">, error: ToolError): ToolError {
  const line = ownLine(ctx, "system-installer", "--undo");
  return withHint(error, "; ", `the files are kept, to take them back: ${line}`);
}

/** For an action that lacked the network: what helps where there is none. */
export function withOfflineHint(error: ToolError, source: Source | undefined): ToolError {
  if (error.code !== ExitCode.Network || isUsable(source?.cache)) return error;
  return withHint(error, ", ", "or install from a stick with a system on it (docs/offline.md)");
}

/** A failure with a further hint. */
export function withHint(error: ToolError, after: string, more: string): ToolError {
  // One that ends with a line of Nix has its semicolon.
  const hint = error.hint ? error.hint.replace(/;$/, "") + after + more : more;
  return new ToolError(error.message, { hint, code: error.code, cause: error });
}
