/** One check of validator, on files of a scratch root and on answers that programs gave. */
import type { Finding } from "../../lib/validate/check.ts";
import { Facts } from "../../lib/validate/facts.ts";
import { CHECKS } from "../../lib/validate/registry.ts";
import type { ConfigurationFacts } from "../../lib/nix/evaluation/configuration_facts.ts";
import { CommandError, type RunOptions, type RunResult } from "../../lib/machine/run.ts";
import { Root } from "../../lib/machine/root.ts";
import type { Context } from "../../lib/machine/context.ts";
import { testContext, type TestContextOptions } from "../support/context.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";

/** What a check finds; throws what it throws. */
export async function look(id: string, ctx: Context, facts = new Facts(ctx)): Promise<Finding> {
  const check = CHECKS.find((one) => one.id === id);
  if (check === undefined) throw new Error(`there is no check ${id}`);
  return await check.check(ctx, facts);
}

/** {@link look} on a machine that has these files alone. */
export async function lookAt(
  id: string,
  files: Readonly<Record<string, ScratchEntry>>,
  options: Omit<TestContextOptions, "root"> = {},
): Promise<Finding> {
  let found: Finding | undefined;
  await withScratch(files, async (root) => {
    found = await look(id, testContext({ ...options, root }));
  });
  return found!;
}

/** Facts of a machine whose configuration evaluates to this. */
export function evaluatedFacts(ctx: Context, configuration: ConfigurationFacts): Facts {
  class Known extends Facts {
    override readonly requireSource = () => {};
    override readonly hosts = () => Promise.resolve([configuration.hostName]);
    override readonly configuration = () => Promise.resolve(configuration);
  }
  return new Known(ctx);
}

/** A scratch root that says that it runs. */
class RunningRoot extends Root {
  override get isRunning(): boolean {
    return true;
  }
}

/** What a program answered: what it wrote, or how it ended. */
export type Answer = string | Partial<Pick<RunResult, "code" | "stdout" | "stderr" | "timedOut">>;

/** The context of a running machine on which these programs alone are there, and answer so. */
export function answering(
  ctx: Context,
  answers: Readonly<Record<string, Answer | ((args: readonly string[]) => Answer)>>,
): Context {
  const run = Object.assign(
    (command: string, args: readonly string[], { accept = [0] }: RunOptions = {}) => {
      const known = answers[command]!;
      const answer = typeof known === "function" ? known(args) : known;
      const result: RunResult = {
        command,
        args,
        code: 0,
        signal: null,
        stdout: "",
        stderr: "",
        timedOut: false,
        ...(typeof answer === "string" ? { stdout: answer } : answer),
      };
      const isTaken = !result.timedOut && (accept === "any" || accept.includes(result.code));
      return isTaken ? Promise.resolve(result) : Promise.reject(new CommandError(result));
    },
    {
      which: (command: string) => command in answers ? `/bin/${command}` : undefined,
      env: ctx.run.env,
    },
  );
  return { ...ctx, root: new RunningRoot(ctx.root.path), run };
}
