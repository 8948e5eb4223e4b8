import { CommandError, type RunOptions } from "../../machine/run.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import type { FlakeReference } from "./flake_reference.ts";

/** What the checkout's own configuration makes git run may never end (milliseconds). */
const PATIENCE = 30_000;

/** The home of root is closed to the owner, and git insists on reading its configuration there. */
const NO_HOME = { HOME: "/", XDG_CONFIG_HOME: "/" };

/** How a checkout differs from its last commit; paths relative to its top, sorted. */
export interface UncommittedFiles {
  /** Not tracked by git: Nix does not see them. */
  readonly untracked: readonly string[];
  /** Changed, added or deleted: Nix takes them as they are and calls the tree dirty. */
  readonly changed: readonly string[];
}

/**
 * Looks for uncommitted files of a flake in a git checkout, ignored ones aside; undefined for a flake
 * that is in none. A checkout's own configuration can make git run programs, so git is run as
 * the checkout's owner when root looks at another user's.
 * @throws ToolError exit 2 without git, 1 when git fails
 */
export async function uncommittedFiles(
  ctx: Context,
  flake: FlakeReference,
): Promise<UncommittedFiles | undefined> {
  if (flake.checkout === undefined) return undefined;
  const { checkout } = flake;
  const options = ["--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"];
  try {
    const { stdout } = await ctx.run("git", ["-C", checkout, "status", ...options], {
      env: { ...NO_HOME, GIT_OPTIONAL_LOCKS: "0" },
      timeout: PATIENCE,
      ...ownerOf(checkout),
    });
    return parseStatus(stdout);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new ToolError(`git cannot tell what is uncommitted in ${checkout}`, {
      hint: error.message,
      cause: error,
    });
  }
}

/**
 * Brings the index of another user's checkout up to date, as that user. Where it is not, Nix's git writes
 * it again although it only looks, and the file becomes root's (git-config(1), diff.autoRefreshIndex).
 * @param checkout host path; nothing is done where it is undefined, or the caller's own
 */
export async function refreshIndex(ctx: Context, checkout: string | undefined): Promise<void> {
  if (checkout === undefined || !ctx.run.which("git")) return;
  try {
    const owner = ownerOf(checkout);
    if (owner.user === undefined) return;
    await ctx.run("git", ["-C", checkout, "update-index", "-q", "--refresh"], {
      env: NO_HOME,
      timeout: PATIENCE,
      accept: "any",
      ...owner,
    });
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof Deno.errors.NotFound)) throw error;
    ctx.log.debug(`the index of ${checkout} was not brought up to date: ${error.message}`);
  }
}

/** Nothing when that is who runs this, or when there is no choice. */
function ownerOf(folder: string): Pick<RunOptions, "user"> {
  const { uid, gid } = Deno.statSync(folder);
  if (Deno.uid() !== 0 || uid === null || uid === 0) return {};
  return { user: { uid, gid: gid ?? uid } };
}

/** git-status(1), "Porcelain Format Version 1": two letters, a space, the path; each ends with NUL. */
function parseStatus(output: string): UncommittedFiles {
  const entries = output.split("\0").filter((entry) => entry !== "");
  const paths = (untracked: boolean) =>
    entries.filter((entry) => entry.startsWith("?? ") === untracked).map((entry) => entry.slice(3))
      .sort();
  return { untracked: paths(true), changed: paths(false) };
}
