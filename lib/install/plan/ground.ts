import { ExitCode } from "../../machine/exit_code.ts";
import { ToolError } from "../../machine/tool_error.ts";
import { installedLayout, LAYOUT_WORDS } from "../../machine/tree_layout.ts";
import type { Context } from "../../machine/context.ts";
import type { InstallOptions } from "../options.ts";
import { collect } from "./decide.ts";
import { preflight } from "./preflight.ts";
import { findSource, type Source } from "../source/source.ts";
import { ownLine } from "../../machine/own_line.ts";

/** What can be said before anything is evaluated or asked. */
export interface Ground {
  /** Undefined when none was found; then there is a blocker. */
  readonly source: Source | undefined;
  /** What stops a real run whatever is answered. */
  readonly blockers: readonly ToolError[];
  readonly warnings: readonly string[];
}

/** Looks for the source and for what would stop a real run; changes nothing, asks nothing. */
export async function examineGround(ctx: Context, options: InstallOptions): Promise<Ground> {
  const blockers: ToolError[] = [];
  const source = await collect(blockers, () => findSource(ctx, options.source));
  if (source) await collect(blockers, () => refuseOtherLayout(ctx, source));
  const checks = await preflight(ctx, source?.listing.bytes ?? 0);
  return { source, blockers: [...blockers, ...checks.blockers], warnings: checks.warnings };
}

/** What an installation of the other layout has made would go on standing beside the new one. */
function refuseOtherLayout(ctx: Context, { layout, listing }: Source): void {
  const installed = installedLayout(ctx);
  if (installed === undefined || installed === layout) return;
  throw new ToolError(
    `source ${listing.from} is ${LAYOUT_WORDS[layout]}, the installation here ${
      LAYOUT_WORDS[installed]
    }`,
    {
      code: ExitCode.Configuration,
      hint: `take that installation back first: ${ownLine(ctx, "system-installer", "--undo")}`,
    },
  );
}
