import { ExitCode } from "../exit_code.ts";
import { printableLine } from "../../layout/printable.ts";
import { ToolError } from "../tool_error.ts";

/** NAME_MAX and PATH_MAX of Linux (limits.h), in bytes; room is left for the staging folder's path. */
const NAME_MAX = 255;
const PATH_MAX = 4096 - 512;
/** Folders in each other: whoever walks them does so by recursion. */
const DEPTH_MAX = 128;

/**
 * What is wrong with a path that a server, an archive or a journal names; undefined for a plain
 * relative path. Such a path never leaves the folder it is joined to, never touches Git's own folder,
 * and fits the file system.
 */
export function hostilePathProblem(path: string): string | undefined {
  if (path === "") return "is empty";
  if (path.startsWith("/")) return "is absolute";
  // deno-lint-ignore no-control-regex
  if (/[\x00\n]/.test(path)) return "holds a NUL or a newline";
  if (!path.isWellFormed()) return "is not valid UTF-8";
  if (path.length * 3 > PATH_MAX && byteLength(path) > PATH_MAX) return "is too long";
  const names = path.split("/");
  if (names.length > DEPTH_MAX) return "is too deep";
  for (const name of names) {
    if (name === "") return "has an empty component";
    if (name === "." || name === "..") return `has a "${name}" component`;
    if (name.length === 4 && name.toLowerCase() === ".git") return `has a "${name}" component`;
    if (name.length * 3 > NAME_MAX && byteLength(name) > NAME_MAX) {
      return "has a name that is too long";
    }
  }
  return undefined;
}

/**
 * Checks paths that came from outside.
 * @param from what named them, for the message: "the commit", "the journal"
 * @throws ToolError exit 6 that names the first bad path
 */
export function refuseHostilePaths(paths: Iterable<string>, from: string): void {
  for (const path of paths) {
    const problem = hostilePathProblem(path);
    if (problem) throw hostilePathError(path, problem, from);
  }
}

/** The refusal of a path. */
export function hostilePathError(path: string, problem: string, from: string): ToolError {
  return new ToolError(`${from} has a hostile path: "${printableLine(path)}" ${problem}`, {
    code: ExitCode.Configuration,
    hint: "nothing was written; do not use this commit before someone has looked at it",
  });
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
