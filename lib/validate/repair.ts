import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import type { Change } from "./check.ts";
import { type CheckResult, isTroubled, type Report } from "./validate.ts";

/** What was tried for one check. */
export interface Repair {
  readonly result: CheckResult;
  /** Empty when there was nothing that a tool may do. */
  readonly changes: readonly Change[];
  /** Why it could not be done. */
  readonly error?: string;
}

/**
 * Repairs what is safe to repair, in the report's order, because one repair can need the one before.
 * Call it as root, holding the lock. A repair that fails does not stop the next one.
 */
export async function repair(ctx: Context, report: Report): Promise<Repair[]> {
  const repairs: Repair[] = [];
  for (const result of report.results) {
    const { fix } = result.check;
    if (fix === undefined || !isTroubled(result)) continue;
    try {
      repairs.push({ result, changes: await fix(ctx) });
    } catch (error) {
      ctx.signal.throwIfAborted();
      const isKnown = error instanceof ToolError || error instanceof Error && "code" in error ||
        Object.values(Deno.errors).some((kind) => error instanceof kind);
      if (!isKnown) throw error;
      repairs.push({ result, changes: [], error: (error as Error).message });
    }
  }
  return repairs;
}
