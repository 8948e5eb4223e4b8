import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import { runningSpecialisation } from "../nix/running_specialisation.ts";
import { specialisationNames, specialisationPath } from "../nix/specialisation.ts";
import type { Action } from "./options.ts";

/** Which specialisation of a system is activated. */
export interface ChosenSpecialisation {
  readonly name: string;
  /** Named by the user; else it is the one that runs. */
  readonly named: boolean;
}

/**
 * The specialisation that an action activates: the named one, else the one that runs. The next boot starts
 * the system itself, so `boot` activates none.
 * @param named false for none
 */
export function chosenSpecialisation(
  ctx: Context,
  action: Action,
  named: string | false | undefined,
): ChosenSpecialisation | undefined {
  const activatesNow = action === "test" || action === "switch" || action === "dry-activate";
  if (!activatesNow || named === false || !ctx.root.isRunning) return undefined;
  if (named !== undefined) return { name: named, named: true };
  const name = runningSpecialisation(ctx);
  if (name === undefined) return undefined;
  ctx.log.info(`the specialisation ${name} runs and is kept`);
  return { name, named: false };
}

/**
 * The store path of a built system's specialisation, or of the system itself where none was chosen.
 * @throws ToolError as {@link noSpecialisation}
 */
export function activePath(
  ctx: Context,
  toplevel: string,
  chosen: ChosenSpecialisation | undefined,
): string {
  if (chosen === undefined) return toplevel;
  const path = specialisationPath(ctx, toplevel, chosen.name);
  if (path !== undefined) return path;
  throw noSpecialisation(chosen, specialisationNames(ctx, toplevel).join(", "));
}

/**
 * Exit 4 for a specialisation that the user named, 6 for the running one that the new system has not.
 * @param there the names of those that it has
 */
export function noSpecialisation({ name, named }: ChosenSpecialisation, there: string): ToolError {
  const has = there === "" ? "it has none" : `it has: ${there}`;
  return new ToolError(`the new system has no specialisation "${name}"`, {
    code: named ? ExitCode.InvalidArguments : ExitCode.Configuration,
    hint: named ? has : `it runs now, and ${has}; to leave it: --no-specialisation`,
  });
}
