import { ExitCode } from "../machine/exit_code.ts";
import { printableLine } from "../layout/printable.ts";
import { QuestionCancelled, ToolError } from "../machine/tool_error.ts";
import type { Choice, Log, Progress, Question, Ui } from "../machine/context.ts";
import type { Screen } from "./output.ts";
import type { Asked, Prompts } from "./plain_prompts.ts";
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
    { message, option }: Question,
    fallback: T | undefined,
    prompt: (prompts: Prompts, asked: Asked) => Promise<T | symbol>,
  ): Promise<T> {
    signal.throwIfAborted();
    if (!interactive) {
      if (fallback === undefined) throw unanswered(message, option);
      log.debug(`${message} ${JSON.stringify(fallback)} (default)`);
      return fallback;
    }
    const prompts = screen.plain ? await plainPrompts(screen) : await drawnPrompts();
    using _held = screen.hold();
    const answer = await prompt(prompts, { message: printableLine(message), signal });
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
        question.default,
        (prompts, asked) => prompts.confirm({ ...asked, initialValue: question.default ?? false }),
      ),
    text: (question) =>
      ask<string>(question, question.default, (prompts, asked) =>
        prompts.text({
          ...asked,
          ...(question.default === undefined
            ? {}
            : { placeholder: question.default, defaultValue: question.default }),
          validate: (answer) => question.validate?.(answer || question.default || ""),
        })),
    select: async <T>(question: Parameters<Ui["select"]>[0]) => {
      const { choices, preselected = question.default } = question;
      const index = await ask<number>(
        question,
        indexOf(choices, question.default),
        (prompts, asked) =>
          prompts.select({
            ...asked,
            options: labelled(choices),
            initialValue: indexOf(choices, preselected) ?? 0,
          }),
      );
      return choices[index]!.value as T;
    },
    multiselect: async <T>(question: Parameters<Ui["multiselect"]>[0]) => {
      const { choices } = question;
      const defaults = question.default?.flatMap((value) => indexOf(choices, value) ?? []);
      const indices = await ask<number[]>(
        question,
        defaults,
        (prompts, asked) =>
          prompts.multiselect({
            ...asked,
            options: labelled(choices),
            initialValues: defaults ?? [],
            required: false,
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

/** Undefined for what is not among them. */
function indexOf(choices: readonly Choice<unknown>[], value: unknown): number | undefined {
  const index = choices.findIndex((choice) => choice.value === value);
  return index < 0 ? undefined : index;
}

/** Choices by index, so that any value can be chosen; labels made safe to print. */
function labelled(choices: readonly Choice<unknown>[]) {
  return choices.map((choice, value) => ({
    value,
    label: printableLine(choice.label),
    ...(choice.hint === undefined ? {} : { hint: printableLine(choice.hint) }),
  }));
}
