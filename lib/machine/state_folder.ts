import type { Context } from "./context.ts";
import { ExitCode } from "./exit_code.ts";
import { toGiveToRoot } from "./files/file_trust.ts";
import { ensureDirectory, lstatIfExists, setMode } from "./files/files.ts";
import { unlessUsed } from "./files/unless_used.ts";
import { places } from "./places.ts";
import { ToolError } from "./tool_error.ts";

/** The state folder, and those in it that are always there. */
const FOLDERS = [places.state, places.receipts, places.backups, places.passwords];

/**
 * Makes sure that the state folder is there, and that nobody but its owner could have put anything
 * into it: it holds password hashes, and what is read back from it decides what root does.
 * @throws ToolError exit 3 when {@link stateFolderProblem} finds one
 */
export function ensureStateFolder(ctx: Context): void {
  const problem = stateFolderProblem(ctx);
  if (problem) throw problem;
  for (const folder of FOLDERS) {
    const path = ctx.root.host(folder);
    const info = lstatIfExists(path);
    if (!info?.isDirectory) ensureDirectory(path, 0o700);
    else if (((info.mode ?? 0) & 0o7777) !== 0o700) setMode(path, 0o700);
  }
}

/**
 * The same for a change that may still be refused: what was made for it goes when it is disposed of, as
 * long as nothing is in it.
 * @throws ToolError as {@link ensureStateFolder}
 */
export function openStateFolder(ctx: Context): Disposable {
  const made = unlessUsed(FOLDERS.map((folder) => ctx.root.host(folder)));
  ensureStateFolder(ctx);
  return made;
}

/**
 * What is wrong with the state folder as it is, without changing anything: it or a folder above it
 * belongs to someone else, is writable by someone else, or is not a folder.
 */
export function stateFolderProblem(ctx: Context): ToolError | undefined {
  const parts = places.state.slice(1).split("/");
  for (let depth = 1; depth <= parts.length; depth++) {
    const path = "/" + parts.slice(0, depth).join("/");
    const own = depth === parts.length;
    const info = lstatIfExists(own ? ctx.root.host(path) : ctx.root.follow(path));
    if (info === undefined) return undefined;
    const shown = ctx.root.host(path);
    const found = problemOf(info);
    if (found) {
      return new ToolError(`${shown} ${found}`, {
        code: ExitCode.PermissionDenied,
        hint: own
          ? `look at what is in it; when it is yours: ${toGiveToRoot(shown, "0700")}`
          : `give it back to root: ${toGiveToRoot(shown, "0755")}`,
      });
    }
  }
  return undefined;
}

function problemOf(info: Deno.FileInfo): string | undefined {
  if (!info.isDirectory) return "is not a folder, but the toolkit keeps secrets in it";
  if (info.uid !== 0 && info.uid !== Deno.uid()) return `belongs to user ${info.uid}, not to root`;
  const mode = info.mode ?? 0;
  if ((mode & 0o022) !== 0) return "can be written by others than root";
  return undefined;
}
