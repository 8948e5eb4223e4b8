import { ExitCode } from "../machine/exit_code.ts";
import { printableLine } from "../layout/printable.ts";
import { QuestionCancelled, ToolError } from "../machine/tool_error.ts";
import type { Choice, Log, Progress, Ui } from "../machine/context.ts";
import type { Screen } from "./output.ts";
import type { Prompts } from "./plain_prompts.ts";
import { startProgress } from "./progress.ts";

/** What the prompts of one run need. */
export interface UiOptions {
  readonly screen: Screen;
  readonly log: Log;
  /** `--yes`: never ask. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/**
 * {@link Ui} on a terminal through @clack/prompts (loaded at the first question), line by line in plain
 * mode, or without a terminal.
 */
export function createUi({ screen, log, yes, signal }: UiOptions): Ui {
  const interactive = !yes && Deno.stdin.isTerminal() && Deno.stderr.isTerminal();

  /** Asks when a person is there; takes the default otherwise. */
  async function ask<T>(
    question: { readonly message: string; readonly option: string },
    fallback: { readonly value: T } | undefined,
    prompt: (prompts: Prompts, signal: AbortSignal) => Promise<T | symbol>,
  ): Promise<T> {
    signal.throwIfAborted();
    if (!interactive) {
      if (fallback === undefined) throw unanswered(question.message, question.option);
      log.debug(`${question.message} ${JSON.stringify(fallback.value)} (default)`);
      return fallback.value;
    }
    const prompts = screen.plain ? await plainPrompts(screen) : await drawnPrompts();
    using _held = screen.hold();
    const answer = await prompt(prompts, signal);
    signal.throwIfAborted();
    if (typeof answer === "symbol") {
      throw new QuestionCancelled("stopped at a question; nothing was changed by it", {
        hint: "run it again when you are ready; --yes takes the default answers",
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
        (prompts, signal) =>
          prompts.confirm({
            message: printableLine(question.message),
            initialValue: question.default ?? false,
            signal,
          }),
      ),
    text: (question) =>
      ask<string>(
        question,
        question.default === undefined ? undefined : { value: question.default },
        (prompts, signal) =>
          prompts.text({
            message: printableLine(question.message),
            ...(question.default === undefined
              ? {}
              : { placeholder: question.default, defaultValue: question.default }),
            validate: (answer) => question.validate?.(answer || question.default || ""),
            signal,
          }),
      ),
    select: async <T>(question: Parameters<Ui["select"]>[0]) => {
      const { choices } = question;
      const index = await ask<number>(
        question,
        question.default === undefined ? undefined : { value: indexOf(choices, question.default) },
        (prompts, signal) =>
          prompts.select({
            message: printableLine(question.message),
            options: labelled(choices),
            initialValue: Math.max(0, indexOf(choices, question.preselected ?? question.default)),
            signal,
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
        (prompts, signal) =>
          prompts.multiselect({
            message: printableLine(question.message),
            options: labelled(choices),
            initialValues: defaults ?? [],
            required: false,
            signal,
          }),
      );
      return indices.map((index) => choices[index]!.value as T);
    },
    progress: (label: string, total?: number): Progress =>
      startProgress(screen, log, Deno.stderr.isTerminal() && !screen.plain, label, total),
  };
}

async function plainPrompts(screen: Screen): Promise<Prompts> {
  const prompts = await import("./plain_prompts.ts");
  return prompts.plainPrompts(screen);
}

/** @clack/prompts on standard error. */
async function drawnPrompts(): Promise<Prompts> {
  const [clack, { default: process }] = await Promise.all([
    import("@clack/prompts"),
    import("node:process"),
  ]);
  const output = process.stderr;
  return {
    confirm: (question) => clack.confirm({ ...question, output }),
    text: (question) => clack.text({ ...question, output }),
    select: (question) => clack.select({ ...question, output }),
    multiselect: (question) => clack.multiselect({ ...question, output }),
  };
}

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
