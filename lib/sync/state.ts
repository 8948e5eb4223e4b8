import * as v from "valibot";
import { ExitCode } from "../machine/exit_code.ts";
import { readIfExists, readTextIfExists } from "../machine/files/files.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import { LARGEST_INDEX, sourceTree } from "../machine/tree/source_tree.ts";
import { decodeIndex, type LocalIndex } from "./tree/index_file.ts";
import { shellWord } from "../machine/shell_words.ts";

const ObjectName = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

const StateSchema = v.object({
  version: v.literal(1),
  /** `OWNER/NAME`. */
  repository: v.string(),
  commit: ObjectName,
  /** As it was asked for: a branch, a tag, a SHA. */
  ref: v.string(),
  /** ISO 8601. */
  time: v.string(),
  /** What the sync that wrote this did; absent when an installer wrote it. */
  counts: v.optional(v.object({
    files: Count,
    added: Count,
    updated: Count,
    deleted: Count,
    kept: Count,
  })),
});

/** Which commit the source tree is, and where it came from. */
export type SyncState = v.InferOutput<typeof StateSchema>;

/**
 * What is known of the source tree; undefined when nothing ever synced or seeded it.
 * @throws ToolError exit 6 for a state file that is not ours or of a later version; Deno.errors when
 *   it may not be read
 */
export function readSyncState(ctx: Context): SyncState | undefined {
  const { state } = sourceTree(ctx);
  const text = readTextIfExists(state);
  if (text === undefined) return undefined;
  try {
    return v.parse(StateSchema, JSON.parse(text));
  } catch (error) {
    throw new ToolError(`${state} cannot be understood`, {
      code: ExitCode.Configuration,
      hint: `a newer version of this tool may have written it; to start afresh: rm ${
        shellWord(state)
      }`,
      cause: error,
    });
  }
}

/** The state as it is written. */
export function encodeState(state: SyncState): string {
  return JSON.stringify(v.parse(StateSchema, state), null, 2) + "\n";
}

/** The index that belongs to a state; undefined when there is none that does. */
export async function readIndex(
  ctx: Context,
  state: SyncState,
): Promise<LocalIndex | undefined> {
  const content = readIfExists(sourceTree(ctx).index, LARGEST_INDEX);
  const index = content && await decodeIndex(content);
  return index?.manifest.commit === state.commit ? index : undefined;
}
