import { stripVTControlCharacters } from "node:util";
import { currentSystem } from "../generations.ts";
import type { Context } from "../../machine/context.ts";
import { ifItAnswers } from "../../machine/run.ts";

/** Milliseconds. */
const TIMEOUT = 120_000;

/**
 * Shows what changes in packages from the running system to another, as `nvd` or `nix store diff-closures`
 * print it.
 * @returns undefined when neither can say, empty when nothing does
 */
export async function showChanges(ctx: Context, to: string): Promise<string | undefined> {
  const changes = await closureDiff(ctx, to);
  if (changes === "") ctx.log.info("no package differs from the running system");
  else if (changes !== undefined) ctx.out.print(changes);
  return changes;
}

async function closureDiff(ctx: Context, to: string): Promise<string | undefined> {
  const from = currentSystem(ctx);
  if (from === undefined) return undefined;
  if (from === to) return "";
  const ways = [
    ["nvd", "--color", "never", "diff", from, to],
    ["nix", "store", "diff-closures", from, to],
  ];
  for (const [command, ...args] of ways) {
    if (ctx.run.which(command!) === undefined) continue;
    const answer = await ifItAnswers(ctx.run(command!, args, { timeout: TIMEOUT }));
    if (answer !== undefined) return stripVTControlCharacters(answer.stdout).trim();
  }
  return undefined;
}
