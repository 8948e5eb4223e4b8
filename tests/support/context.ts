/**
 * A real {@link Context} for tests of domain functions: a real root, the real runner with the safe
 * environment, questions that take their defaults as without a terminal; lines and documents are kept.
 */
import { ExitCode } from "../../lib/machine/exit_code.ts";
import { childEnvironment } from "../../lib/machine/child_environment.ts";
import { Root } from "../../lib/machine/root.ts";
import { createRunner } from "../../lib/machine/run.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import type { Choice, Context, Progress, Question, Ui } from "../../lib/machine/context.ts";
import { renderStyles } from "../../lib/layout/style.ts";

/** A message as it was logged, styles removed. */
export interface LoggedLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}

export interface TestContext extends Context {
  /** Every message so far. */
  readonly lines: LoggedLine[];
  /** What `out.print` was given. */
  readonly printed: string[];
  /** What `out.json` was given. */
  readonly documents: unknown[];
  /** Messages of one level. */
  messages(level: LoggedLine["level"]): string[];
  /** Aborts `signal` as a signal would. */
  abort(reason?: unknown): void;
  /** Whether `passPointOfNoReturn` was called. */
  readonly pastNoReturn: boolean;
}

export interface TestContextOptions {
  /** Host path of the machine; `/` by default. */
  readonly root?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Answers by option name (`--users`), for questions without a default or against it. */
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly now?: () => Date;
}

/** The settings of Nix under which nothing in a test reaches a network. */
export const OFFLINE_NIX_CONFIG = "substituters =\nsandbox = false\nflake-registry =\n" +
  "fsync-metadata = false\ngc-reserved-space = 0\nconnect-timeout = 1\ndownload-attempts = 1\nbuild-users-group =\nextra-experimental-features = nix-command flakes";

/** Makes a context whose effects are real and whose words are kept. */
export function testContext(options: TestContextOptions = {}): TestContext {
  const lines: LoggedLine[] = [];
  const printed: string[] = [];
  const documents: unknown[] = [];
  const controller = new AbortController();
  const env = { NIX_CONFIG: OFFLINE_NIX_CONFIG, ...Deno.env.toObject(), ...options.env };
  const write = (level: LoggedLine["level"]) => (text: string) =>
    void lines.push({ level, text: renderStyles(text) });
  const log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
  let noReturn = false;
  return {
    root: new Root(options.root ?? "/"),
    out: {
      print: (text) => void printed.push(renderStyles(text)),
      json: (value) => void documents.push(value),
      data: (text) => void printed.push(text),
      isHeard: true,
      relay: (line) => void printed.push(line),
      columns: 80,
    },
    log,
    ui: answeringUi(options.answers ?? {}, log.info),
    run: createRunner(childEnvironment(env), controller.signal),
    signal: controller.signal,
    passPointOfNoReturn: () => {
      controller.signal.throwIfAborted();
      noReturn = true;
    },
    now: options.now ?? (() => new Date()),
    env,
    lines,
    printed,
    documents,
    messages: (level) => lines.filter((line) => line.level === level).map((line) => line.text),
    abort: (reason = new Error("aborted by the test")) => controller.abort(reason),
    get pastNoReturn() {
      return noReturn;
    },
  };
}

function answeringUi(answers: Readonly<Record<string, unknown>>, say: (text: string) => void): Ui {
  function answer<T>(question: Question, fallback: T | undefined): Promise<T> {
    if (question.option in answers) return Promise.resolve(answers[question.option] as T);
    if (fallback !== undefined) return Promise.resolve(fallback);
    return Promise.reject(
      new ToolError(`no terminal to ask: ${question.message}`, {
        code: ExitCode.InvalidArguments,
        hint: `answer it on the command line with ${question.option}`,
      }),
    );
  }
  return {
    interactive: false,
    confirm: (question) => answer(question, question.default),
    text: async (question) => {
      const text = await answer<string>(question, question.default);
      const problem = question.validate?.(text);
      if (problem) throw new ToolError(problem, { code: ExitCode.InvalidArguments });
      return text;
    },
    select: <T>(
      question: Question & { readonly choices: readonly Choice<T>[]; readonly default?: T },
    ) => answer<T>(question, question.default),
    multiselect: async <T>(
      question: Question & {
        readonly choices: readonly Choice<T>[];
        readonly default?: readonly T[];
      },
    ) => [...await answer<readonly T[]>(question, question.default)],
    progress: (): Progress => ({ update: () => {}, done: say, fail: say }),
  };
}
