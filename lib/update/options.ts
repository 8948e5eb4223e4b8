import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import type { SyncOptions } from "../sync/options.ts";

/** The reference's values of `--rebuild-action`. */
export const REBUILD_ACTIONS = ["build", "test", "switch"] as const;
/** One of {@link REBUILD_ACTIONS}. */
export type RebuildAction = (typeof REBUILD_ACTIONS)[number];

/** What an update is asked to do; the options of `dev-update`. */
export interface UpdateOptions extends SyncOptions {
  /** Say whether there is something to do; write nothing. */
  readonly checkOnly: boolean;
  /** Sync, and leave the system as it is. */
  readonly skipRebuild: boolean;
  readonly rebuildAction: RebuildAction;
  /** Go back unless confirmed within so many seconds; asked over SSH when not given. */
  readonly confirm?: number | undefined;
  /** Go on although guests that run may be stopped. */
  readonly restartGuests: boolean;
  readonly verbose: boolean;
  /** Go on although a check fails that blocks updates. */
  readonly yes: boolean;
}

/**
 * Refuses what could only fail after the sources were changed.
 * @throws ToolError exit 4
 */
export function requireSense(ctx: Context, options: UpdateOptions): void {
  const refuse = (message: string, hint: string) => {
    throw new ToolError(message, { code: ExitCode.InvalidArguments, hint });
  };
  const { rebuildAction, confirm, checkOnly, skipRebuild } = options;
  const rebuilds = !checkOnly && !skipRebuild;
  if (confirm !== undefined && (!rebuilds || rebuildAction === "build")) {
    refuse("--confirm goes with a rebuild that tests or switches", "leave it out");
  }
  if (rebuilds && rebuildAction === "test" && !ctx.root.isRunning) {
    refuse(
      `test needs a running machine, ${ctx.root.path} is a mounted one`,
      "use --rebuild-action build, or switch, which installs it with nixos-install",
    );
  }
}
