import { attempt } from "../attempt.ts";
import { childEnvironment } from "../child_environment.ts";
import { foreignPart, isRootOrSelf } from "../files/file_trust.ts";
import { exists, isAbsent } from "../files/files.ts";
import { NotRegular, openRegular, readAll } from "../files/regular_file.ts";
import { createRunner } from "../run.ts";
import { ToolError } from "../tool_error.ts";

/** What reading a user's file gave; a problem follows the path in a sentence: "is a pipe". */
export type UserFile =
  | { readonly kind: "read"; readonly text: string }
  | { readonly kind: "absent" }
  | { readonly kind: "refused"; readonly problem: string };

/** Whose file it is. */
export interface FileUser {
  readonly uid: number;
  readonly gid: number;
}

/** Where children are started; see `Context`. */
interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** A home may be on a server that does not answer (milliseconds). */
const PATIENCE = 5_000;

/**
 * Reads a small file that a user keeps at home. The user decides what its path leads to, so for another
 * user than the one this runs as it is read by a child with that user's rights: links are followed
 * (home-manager and sops make such files links), but only to what the user could read anyhow. It must be
 * a regular file of the user or of root. Nothing waits for a pipe, and not for long for anything else.
 * @param path host path
 * @param limit bytes; a larger file is refused
 * @throws the signal's reason when aborted, nothing else
 */
export async function readUserFile(
  around: Surroundings,
  path: string,
  user: FileUser,
  limit: number,
): Promise<UserFile> {
  return Deno.uid() === 0 && user.uid !== 0
    ? await readByChild(around, path, user, limit)
    : readDirectly(path, user.uid, limit);
}

function readDirectly(path: string, uid: number, limit: number): UserFile {
  try {
    const foreign = Deno.uid() === 0 ? foreignPart(path, isRootOrSelf) : undefined;
    if (foreign) return refused(`is not root's alone: ${foreign.path} ${foreign.problem}`);
    const real = Deno.realPathSync(path);
    using opened = openRegular(real);
    const owner = opened.info.uid ?? 0;
    if (owner !== uid && owner !== 0) return refused(`belongs to user ${owner}`);
    if (opened.info.size > limit) return refused("is too large");
    return { kind: "read", text: new TextDecoder().decode(readAll(opened, real, limit)) };
  } catch (error) {
    if (isAbsent(error)) return { kind: "absent" };
    if (error instanceof NotRegular) return refused(`is ${error.found}`);
    return refused(error instanceof ToolError ? error.message : "cannot be read");
  }
}

/** stat(1) and dd(1) of coreutils; dd alone can be told not to wait for a pipe. */
async function readByChild(
  { env, signal }: Surroundings,
  path: string,
  user: FileUser,
  limit: number,
): Promise<UserFile> {
  // Most users have none, and two children for each of thousands take their time. Root may see less than
  // the user: then the child tells.
  if (attempt(() => exists(path)) === false) return { kind: "absent" };
  const run = createRunner(childEnvironment(env), signal);
  const options = { user, timeout: PATIENCE, accept: "any" } as const;
  try {
    const { code, stdout } = await run("stat", ["-L", "-c", "%u %s %F", "--", path], options);
    if (code !== 0) return { kind: "absent" };
    const [, owner, size, type] = /^(\d+) (\d+) (.*)$/.exec(stdout.trim()) ?? [];
    if (!type?.startsWith("regular")) return refused(`is a ${type ?? "file of no known kind"}`);
    if (Number(owner) !== user.uid && Number(owner) !== 0) {
      return refused(`belongs to user ${owner}`);
    }
    if (Number(size) > limit) return refused("is too large");
    const blocks = ["iflag=nonblock,fullblock", `bs=${limit}`, "count=1", "status=none"];
    const read = await run("dd", [`if=${path}`, ...blocks], options);
    return read.code === 0 ? { kind: "read", text: read.stdout } : refused("cannot be read");
  } catch {
    signal.throwIfAborted();
    return refused("cannot be read in time");
  }
}

function refused(problem: string): UserFile {
  return { kind: "refused", problem };
}
