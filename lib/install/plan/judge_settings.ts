import type { Context } from "../../machine/context.ts";
import type { GeneratedSettings } from "./generated_files.ts";
import { type JudgementInput, judgeStaged, readTree, type StagedJudgement } from "./judgement.ts";
import type { Setting } from "../carry/setting.ts";
import type { Step } from "../step.ts";
import { isJudged } from "./plan.ts";

/** A host for which something is carried over, judged. */
export interface JudgedSettings {
  readonly settings: GeneratedSettings;
  readonly steps: readonly Step[];
  readonly judged: StagedJudgement;
  readonly warnings: readonly string[];
}

/**
 * Judges the host that settings make. For a published tree they gain what the owner's files say and the tree
 * says otherwise, as far as a system can be made of that.
 * @param stepsOf every change of an installation with these settings
 */
export async function judgeSettings(
  ctx: Context,
  input: Omit<JudgementInput, "steps" | "tree">,
  listed: GeneratedSettings,
  stepsOf: (settings: GeneratedSettings) => readonly Step[],
): Promise<JudgedSettings> {
  const nothing = stepsOf({ hardware: [], users: [], system: [] });
  const read = await readTree(ctx, { ...input, steps: nothing }, allOf(listed));
  const tree = read === undefined || "unknown" in read ? undefined : read;
  const judge = async (settings: GeneratedSettings, found = tree) => {
    const steps = stepsOf(settings);
    return { settings, steps, judged: await judgeStaged(ctx, { ...input, steps, tree: found }) };
  };
  const warnings = read !== undefined && "unknown" in read
    ? [`what this machine and the tree say differently could not be looked for: ${read.unknown}`]
    : [];
  if (tree === undefined || tree.found.length === 0) {
    const judgedList = await judge(listed);
    // Where the host cannot be evaluated at all, that is said, and why.
    return { ...judgedList, warnings: isJudged(judgedList.judged.judgement) ? warnings : [] };
  }
  const all = await judge({ ...listed, system: [...listed.system, ...tree.found] });
  const failure = all.judged.blocker;
  // What is a system all the same, and only cannot be built, is not for what was found.
  const isSystem = typeof all.judged.identity?.toplevel === "string";
  if (failure === undefined || isSystem) return { ...all, warnings };
  const without = await judge(listed, { ...tree, found: [] });
  // With the list alone it is no better: then it is not what was found.
  if (without.judged.blocker !== undefined) return { ...without, warnings };
  const why =
    `what your files say and the tree says otherwise is not carried over, because with it ` +
    `there would be no system: ${failure.message}`;
  return { ...without, warnings: [...warnings, why] };
}

/** Everything that is carried over. */
export function allOf({ hardware, users, system }: GeneratedSettings): Setting[] {
  return [...system, ...hardware, ...users];
}
