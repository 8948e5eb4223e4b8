import type { Context, Ui } from "../../machine/context.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Found } from "../carry/setting.ts";
import type { InstallOptions } from "../options.ts";
import { type ChosenUsers, decideHostName, decideStateVersion, decideUsers } from "./decisions.ts";
import type { MachineReading } from "./machine_reading.ts";

/** What a plan is made for: what was found, said or answered. */
export interface Decided {
  readonly hostName: Found<string>;
  readonly chosen: ChosenUsers;
  /** Only for a host without a base. */
  readonly stateVersion: Found<string> | undefined;
  /** What could not be decided. */
  readonly blockers: readonly ToolError[];
}

/**
 * Asks what has to be asked for a plan.
 * @throws ToolError exit 4 for an option that names something that is not there
 */
export async function decide(
  ctx: Context,
  options: InstallOptions,
  reading: MachineReading,
): Promise<Decided> {
  const blockers: ToolError[] = [];
  const hostName = await collect(blockers, () => decideHostName(ctx, options, reading)) ??
    { value: "unknown", source: "nothing" };
  const chosen = await decideUsers(ctx, options, reading);
  const stateVersion = options.keepConfig
    ? undefined
    : await collect(blockers, () => decideStateVersion(ctx, options, reading));
  return { hostName, chosen, stateVersion, blockers };
}

/**
 * What would be decided if every answer were the one that is offered; undefined where a question offers
 * none. Asks nothing.
 * @throws as {@link decide}
 */
export async function assume(
  ctx: Context,
  options: InstallOptions,
  reading: MachineReading,
): Promise<Decided | undefined> {
  const decided = await decide({ ...ctx, ui: offered(ctx.ui) }, options, reading);
  return decided.blockers.length === 0 ? decided : undefined;
}

/** Whether the same plan is made for both. */
export function isSame(one: Decided, other: Decided): boolean {
  const told = ({ hostName, chosen, stateVersion }: Decided) =>
    JSON.stringify([
      hostName.value,
      chosen.users.map(({ name }) => name),
      stateVersion?.value ?? null,
    ]);
  return told(one) === told(other);
}

/** Questions answered as they are without a terminal. */
function offered(ui: Ui): Ui {
  const answer = <T>(message: string, value: T | undefined): Promise<T> =>
    value === undefined
      ? Promise.reject(new ToolError(message, { hint: "answer it" }))
      : Promise.resolve(value);
  return {
    interactive: false,
    confirm: (question) => answer(question.message, question.default),
    text: (question) => answer(question.message, question.default),
    select: (question) => answer(question.message, question.default),
    multiselect: (question) => answer(question.message, question.default && [...question.default]),
    progress: ui.progress,
  };
}

/**
 * Does work of which a failure is one more thing that stands against a plan.
 * @returns undefined for a failure
 */
export async function collect<T>(
  blockers: ToolError[],
  work: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    blockers.push(error);
    return undefined;
  }
}
