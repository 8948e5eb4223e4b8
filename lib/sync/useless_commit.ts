import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import { installedLayout, LAYOUT_WORDS, layoutOf, NEEDED } from "../machine/tree_layout.ts";
import type { Context } from "../machine/context.ts";
import type { LocalTree } from "./tree/local_tree.ts";
import type { Manifest } from "./tree/manifest.ts";

/**
 * Refuses what cannot build this host where the present tree can, unless it is named; and any other layout.
 * @param repository `OWNER/NAME` of the commit
 * @param isNamed whether `--repo` says it
 * @throws ToolError exit 6
 */
export function refuseUselessCommit(
  ctx: Context,
  local: LocalTree,
  manifest: Manifest,
  repository: string,
  isNamed: boolean,
): void {
  const installed = installedLayout(ctx);
  const present = layoutOf((path) => isThere(local, path));
  const layout = installed ?? present;
  const own = layoutOf((path) => manifest.has(path));
  if (layout === undefined) return;
  const commit = `commit ${manifest.commit.slice(0, 12)} of ${repository}`;
  if (own !== undefined && own !== layout) {
    // Without an installation only the tree changes, and --repo says that this is wanted.
    if (installed === undefined && isNamed) return;
    throw new ToolError(
      `${commit} cannot build this host: it is ${LAYOUT_WORDS[own]}, the host ${
        LAYOUT_WORDS[layout]
      }`,
      {
        code: ExitCode.Configuration,
        hint: "nothing was changed; take the installation back first (system-installer --undo), " +
          "then install from a checkout of that repository (system-installer --source PATH)",
      },
    );
  }
  if (isNamed || present === undefined) return;
  const missing = NEEDED[layout].filter((path) => isThere(local, path) && !manifest.has(path));
  if (missing.length === 0) return;
  throw new ToolError(`${commit} cannot build this host: it has no ${missing.join(", no ")}`, {
    code: ExitCode.Configuration,
    hint: `nothing was changed; name a commit that has it with --ref, or, if you really want ` +
      `this one, say so with --repo ${repository}`,
  });
}

/** A tree without the folder is not asked for what is in it. */
function isThere(local: LocalTree, path: string): boolean {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : undefined;
  if (folder !== undefined && !isThere(local, folder)) return false;
  return local.at(path) !== undefined;
}
