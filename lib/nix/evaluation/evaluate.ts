import { ExitCode } from "../../machine/exit_code.ts";
import { CommandError, MEMORY_HINT, type RunResult } from "../../machine/run.ts";
import { ToolError } from "../../machine/tool_error.ts";
import type { Context } from "../../machine/context.ts";
import { evaluationFailure } from "./evaluation_failure.ts";
import { refuseWhatNixMustNotRead } from "../read_by_nix.ts";
import { attributeName } from "../expressions/nix_string.ts";
import { baseCheckout, flakeEnvironment } from "../flakes/flake_environment.ts";
import { refreshIndex } from "../flakes/uncommitted_files.ts";
import { flakeOptions, type FlakeReference } from "../flakes/flake_reference.ts";
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
   * Whether an expression's derivations may be written to the store, and so what it imports from them
   * be built. False by default; a flake's always may.
   */
  readonly writeStore?: boolean;
}

/**
 * Evaluates a Nix expression, impurely, and returns its value as JSON does. Uses `nix-instantiate`
 * without writing to the store. Warnings and traces of the configuration go to stderr and are not
 * part of the value.
 * @throws ToolError exit 2 without Nix, 5 when something cannot be fetched, 6 when the expression
 *   fails (with Nix's own message and the place it names), 3 when HOME is someone else's, 1 when it
 *   takes too long or too much memory
 */
export async function evaluateJson(
  ctx: Context,
  expression: string,
  options: EvaluateOptions,
): Promise<unknown> {
  const mode = options.writeStore ? ["--read-write-mode"] : [];
  const args = ["--eval", "--strict", "--json", ...mode, "-"];
  return await evaluate(ctx, ["nix-instantiate", ...args], options, expression);
}

/**
 * Applies a Nix function to an output of a flake, impurely unless that says otherwise, and returns the
 * result as JSON does. Uses `nix eval`, because `builtins.getFlake` refuses a flake without a complete
 * lock file, and the lock file is not written. The flake is copied to the store, as by every Nix command.
 * @param attribute the path of the output, for example `["nixosConfigurations", "host"]`
 * @param apply Nix code of the function
 * @throws ToolError as {@link evaluateJson}
 */
export async function evaluateFlake(
  ctx: Context,
  flake: FlakeReference,
  attribute: readonly string[],
  apply: string,
  options: EvaluateOptions,
): Promise<unknown> {
  for (const checkout of [flake.checkout, baseCheckout(ctx)]) await refreshIndex(ctx, checkout);
  const fragment = encodeURIComponent(attribute.map(attributeName).join("."));
  const flags = ["--json", "--no-write-lock-file", ...flakeOptions(flake)];
  const args = ["eval", ...flags, `${flake.url}#${fragment}`, "--apply", apply];
  const env = { ...flakeEnvironment(ctx, flake), ...options.env };
  return await evaluate(ctx, ["nix", ...args], { ...options, env });
}

/**
 * Root and users of a Nix daemon use the machine's store. A user without either gets a private store
 * that is removed afterwards.
 */
async function evaluate(
  ctx: Context,
  command: readonly [string, ...string[]],
  options: EvaluateOptions,
  input?: string,
): Promise<unknown> {
  refuseWhatNixMustNotRead(ctx);
  using store = temporaryStore(ctx);
  const env = { ...invokingUser(ctx), ...store.env, ...options.env };
  const result = await runNix(ctx, command, { ...options, env }, input);
  if (result.signal === "SIGKILL") {
    throw new ToolError(`evaluating ${options.what} was ended by SIGKILL`, { hint: MEMORY_HINT });
  }
  if (result.code !== 0) {
    if (showsTraces(ctx)) ctx.out.print(result.stderr.trimEnd());
    throw evaluationFailure(options.what, result.stderr);
  }
  try {
    return JSON.parse(result.stdout);
  } catch (cause) {
    throw new ToolError(`evaluating ${options.what} gave no JSON`, {
      code: ExitCode.Configuration,
      hint: "this Nix is not one that the toolkit knows: nix --version",
      cause,
    });
  }
}

/** Who asks Nix for traces wants to see them: what becomes of a failure has none. */
function showsTraces(ctx: Context): boolean {
  return /^\s*show-trace\s*=\s*true\s*$/m.test(ctx.env.NIX_CONFIG ?? "");
}

async function runNix(
  ctx: Context,
  [command, ...args]: readonly [string, ...string[]],
  options: EvaluateOptions,
  input: string | undefined,
): Promise<RunResult> {
  const timeout = options.timeout ?? TIMEOUT;
  try {
    return await ctx.run(command, args, {
      ...(input === undefined ? {} : { input }),
      // Relative paths of an expression would otherwise mean this process's folder.
      cwd: "/",
      env: options.env ?? {},
      timeout,
      accept: "any",
    });
  } catch (cause) {
    if (!(cause instanceof CommandError) || !cause.result.timedOut) throw cause;
    throw new ToolError(`evaluating ${options.what} took longer than ${timeout / 1000} seconds`, {
      hint: "if it fetches much on a slow line, run it again: what was fetched is kept",
      cause,
    });
  }
}

/** Git lets root read the checkout of the user who called sudo, and of no one else, if it knows them. */
function invokingUser(ctx: Context): Record<string, string> {
  return ctx.env.SUDO_UID === undefined ? {} : { SUDO_UID: ctx.env.SUDO_UID };
}
