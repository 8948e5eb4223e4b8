import { ExitCode } from "../exit_code.ts";
import { ToolError } from "../tool_error.ts";
import { foreignPart, isRootOrSelf } from "./file_trust.ts";
import { realPathIfSeen, statIfSeen } from "./files.ts";

const USUAL = "/tmp";
const STICKY = 0o1000;

/**
 * Where temporary files go: the folder named (TMPDIR) where nobody else can exchange what is made in it,
 * else /tmp. What is made there is written and read by path.
 */
export function temporaryPlace(named: string | undefined): string {
  return named !== undefined && isSafe(named) ? named : USUAL;
}

/**
 * Makes an empty folder for this user only.
 * @throws ToolError exit 2 where there is no folder for such, 3 where none may be made in it, 1 for another
 *   reason, such as a full disk
 */
export function makeTemporaryDirectory(
  { env }: { readonly env: Readonly<Record<string, string>> },
  prefix: string,
): string {
  const dir = temporaryPlace(env.TMPDIR);
  try {
    return Deno.makeTempDirSync({ dir, prefix });
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/: tmpdir$/, "") : error;
    throw new ToolError(`no temporary folder can be made in ${dir}: ${why}`, {
      code: codeOf(error),
      hint: `mend ${dir}, or name another folder that only you can write: TMPDIR=FOLDER`,
      cause: error,
    });
  }
}

function codeOf(error: unknown): ExitCode {
  if (error instanceof Deno.errors.NotFound) return ExitCode.MissingDependency;
  const isRefused = error instanceof Deno.errors.PermissionDenied ||
    error instanceof Error && "code" in error && error.code === "EROFS";
  return isRefused ? ExitCode.PermissionDenied : ExitCode.General;
}

/** In a sticky folder everyone makes files, and only their owner renames them. */
function isSafe(folder: string): boolean {
  const info = statIfSeen(folder);
  if (!folder.startsWith("/") || !info?.isDirectory) return false;
  try {
    const foreign = foreignPart(folder, isRootOrSelf);
    return foreign === undefined ||
      foreign.path === realPathIfSeen(folder) && ((info.mode ?? 0) & STICKY) !== 0 &&
        isRootOrSelf(info.uid ?? 0);
  } catch {
    return false;
  }
}
