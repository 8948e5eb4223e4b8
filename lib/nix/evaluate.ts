import { ExitCode } from "../machine/exit_code.ts";
import { CommandError, type RunResult } from "../machine/run.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../program/context.ts";
import { evaluationFailure } from "./evaluation_failure.ts";
import { temporaryStore } from "./temporary_store.ts";

/** Fetching nixpkgs over a slow line takes minutes; evaluating takes seconds. */
const TIMEOUT = 15 * 60_000;

/** How to evaluate. */
export interface EvaluateOptions {
  /** What is evaluated, for messages: `the configuration of "host"`. */
  readonly what: string;
  /** Added to the environment of Nix, where `builtins.getEnv` sees it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds; 15 minutes by default. */
  readonly timeout?: number;
  /**
   * Whether the evaluation may write derivations to the store, and so build what it imports
   * ("import from derivation"). False by default: then only fetched sources and copied flakes are written.
   */
  readonly writeStore?: boolean;
}

/**
 * Evaluates a Nix expression, impurely, and returns its value as JSON does. Uses `nix-instantiate`,
 * which understands channels and (through `builtins.getFlake`) flakes alike in every release since
 * 2.4, writes no derivations, and keeps warnings and traces of the configuration on stderr.
 *
 * Root and users of a Nix daemon use the machine's store; flakes are copied to it, as by every Nix
 * command. A user without either gets a private store that is removed afterwards.
 * @throws ToolError exit 2 without Nix, 5 when something cannot be fetched, 6 when the expression
 *   fails (with Nix's own message and the place it names), 1 when it takes too long
 */
export async function evaluateJson(
  ctx: Context,
  expression: string,
  options: EvaluateOptions,
): Promise<unknown> {
  const timeout = options.timeout ?? TIMEOUT;
  using store = temporaryStore(ctx);
  const result = await runNix(ctx, expression, timeout, {
    ...options,
    env: { ...invokingUser(ctx), ...store.env, ...options.env },
  });
  if (result.timedOut) {
    throw new ToolError(`evaluating ${options.what} took longer than ${timeout / 1000} seconds`, {
      hint: "if it fetches much on a slow line, run it again: what was fetched is kept",
    });
  }
  if (result.code !== 0) throw evaluationFailure(options.what, result.stderr);
  try {
    return JSON.parse(result.stdout);
  } catch (cause) {
    throw new ToolError(`evaluating ${options.what} gave no JSON`, {
      code: ExitCode.Configuration,
      hint: "this Nix is not one that the toolkit knows: nix-instantiate --version",
      cause,
    });
  }
}

async function runNix(
  ctx: Context,
  expression: string,
  timeout: number,
  options: EvaluateOptions,
): Promise<RunResult> {
  const mode = options.writeStore ? ["--read-write-mode"] : [];
  try {
    return await ctx.run("nix-instantiate", ["--eval", "--strict", "--json", ...mode, "-"], {
      input: expression,
      // Relative paths of an expression would otherwise mean this process's folder.
      cwd: "/",
      env: options.env ?? {},
      timeout,
      accept: "any",
    });
  } catch (error) {
    if (error instanceof CommandError && error.result.timedOut) return error.result;
    throw error;
  }
}

/** Git lets root read the checkout of the user who called sudo, and of no one else, if it knows them. */
function invokingUser(ctx: Context): Record<string, string> {
  return ctx.env.SUDO_UID === undefined ? {} : { SUDO_UID: ctx.env.SUDO_UID };
}
