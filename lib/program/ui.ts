import { ExitCode } from "../machine/exit_code.ts";
import { printableLine } from "../machine/printable.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Choice, Log, Progress, Ui } from "./context.ts";
import type { Screen } from "./output.ts";
import { startProgress } from "./progress.ts";

/** What the prompts of one run need. */
export interface UiOptions {
  readonly screen: Screen;
  readonly log: Log;
  /** `--yes`: never ask. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/** {@link Ui} on a terminal through @clack/prompts (loaded at the first question), or without one. */
export function createUi({ screen, log, yes, signal }: UiOptions): Ui {
  const interactive = !yes && Deno.stdin.isTerminal() && Deno.stderr.isTerminal();

  /** Asks through clack when a person is there; takes the default otherwise. */
  async function ask<T>(
    question: { readonly message: string; readonly option: string },
    fallback: { readonly value: T } | undefined,
    prompt: (clack: Clack, shared: Shared) => Promise<T | symbol>,
  ): Promise<T> {
    signal.throwIfAborted();
    if (!interactive) {
      if (fallback === undefined) throw unanswered(question.message, question.option);
      log.debug(`${question.message} ${JSON.stringify(fallback.value)} (default)`);
      return fallback.value;
    }
    const [clack, { default: process }] = await Promise.all([
      import("@clack/prompts"),
      import("node:process"),
    ]);
    using _held = screen.hold();
    const answer = await prompt(clack, { output: process.stderr, signal });
    signal.throwIfAborted();
    if (typeof answer === "symbol") {
      throw new ToolError("stopped at a question; nothing was changed by it", {
        code: ExitCode.Interrupted,
      });
    }
    return answer;
  }

  return {
    interactive,
    confirm: (question) =>
      ask<boolean>(
        question,
        question.default === undefined ? undefined : { value: question.default },
        (clack, shared) =>
          clack.confirm({
            message: printableLine(question.message),
            initialValue: question.default ?? false,
            ...shared,
          }),
      ),
    text: (question) =>
      ask<string>(
        question,
        question.default === undefined ? undefined : { value: question.default },
        (clack, shared) =>
          clack.text({
            message: printableLine(question.message),
            ...(question.default === undefined
              ? {}
              : { placeholder: question.default, defaultValue: question.default }),
            validate: (answer) => question.validate?.(answer || question.default || ""),
            ...shared,
          }),
      ),
    select: async <T>(question: Parameters<Ui["select"]>[0]) => {
      const { choices } = question;
      const index = await ask<number>(
        question,
        question.default === undefined ? undefined : { value: indexOf(choices, question.default) },
        (clack, shared) =>
          clack.select({
            message: printableLine(question.message),
            options: labelled(choices),
            initialValue: Math.max(0, indexOf(choices, question.preselected ?? question.default)),
            ...shared,
          }),
      );
      return choices[index]!.value as T;
    },
    multiselect: async <T>(question: Parameters<Ui["multiselect"]>[0]) => {
      const { choices } = question;
      const defaults = question.default?.map((value) => indexOf(choices, value));
      const indices = await ask<number[]>(
        question,
        defaults === undefined ? undefined : { value: defaults },
        (clack, shared) =>
          clack.multiselect({
            message: printableLine(question.message),
            options: labelled(choices),
            initialValues: defaults ?? [],
            required: false,
            ...shared,
          }),
      );
      return indices.map((index) => choices[index]!.value as T);
    },
    progress: (label: string, total?: number): Progress =>
      startProgress(screen, log, Deno.stderr.isTerminal(), label, total),
  };
}

type Clack = typeof import("@clack/prompts");
type Shared = { output: typeof import("node:process").stderr; signal: AbortSignal };

function unanswered(message: string, option: string): ToolError {
  return new ToolError(`this needs an answer, and nobody can be asked: ${message}`, {
    code: ExitCode.InvalidArguments,
    hint: `answer it on the command line with ${option}`,
  });
}

function indexOf<T>(choices: readonly Choice<T>[], value: T | undefined): number {
  return choices.findIndex((choice) => choice.value === value);
}

/** Choices by index, so that any value can be chosen; labels made safe to print. */
function labelled(choices: readonly Choice<unknown>[]) {
  return choices.map((choice, value) => ({
    value,
    label: printableLine(choice.label),
    ...(choice.hint === undefined ? {} : { hint: printableLine(choice.hint) }),
  }));
}
