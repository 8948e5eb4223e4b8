import type { Context } from "../machine/context.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { lstatIfExists } from "../machine/files/files.ts";
import { whatIsThere } from "../machine/files/regular_file.ts";
import { commandLine } from "../machine/shell_words.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Step } from "./step.ts";

/**
 * What lies where a step puts something, and is not replaced by it: a folder in a file's place, a pipe, a
 * link in a folder's place, which would lead what is written below it elsewhere.
 */
export function obstacleTo(ctx: Context, step: Pick<Step, "kind" | "path">): ToolError | undefined {
  const path = ctx.root.host(step.path);
  const info = lstatIfExists(path);
  if (info === undefined) return undefined;
  const folder = step.kind === "directory" || step.kind === "tree";
  if (folder ? info.isDirectory : info.isFile || info.isSymlink) return undefined;
  return new ToolError(
    `${path} is ${whatIsThere(info)}, where a ${folder ? "folder" : "file"} belongs`,
    {
      code: ExitCode.Configuration,
      hint: `move it away: ${commandLine("mv", [path, `${path}.old`])}`,
    },
  );
}
