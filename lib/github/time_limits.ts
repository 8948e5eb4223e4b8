import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";

/** How long servers are waited for, in milliseconds. */
export interface TimeLimits {
  /** A connection that is silent for so long is given up. */
  readonly silence: number;
  /** After so long, all of it is given up. */
  readonly total: number;
}

/** Nobody waits for longer than a day (seconds). */
const LONGEST = 86_400;

/**
 * The limits that the environment sets, in seconds.
 * @throws ToolError exit 4 for what is no such number: an end that nobody asked for would come as a surprise
 */
export function timeLimits(env: Readonly<Record<string, string>>): TimeLimits {
  return {
    silence: 1000 * secondsIn(env, "HYPERVISOR_TIMEOUT", 20),
    total: 1000 * secondsIn(env, "HYPERVISOR_DEADLINE", 1800),
  };
}

function secondsIn(
  env: Readonly<Record<string, string>>,
  variable: string,
  usual: number,
): number {
  const text = env[variable];
  if (!text) return usual;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= LONGEST) return seconds;
  throw new ToolError(`${variable} is not a number of seconds from above 0 to ${LONGEST}`, {
    code: ExitCode.InvalidArguments,
    hint: `unset it, or give it a number, like this: ${variable}=${usual}`,
  });
}
