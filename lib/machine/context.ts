import type { Root } from "./root.ts";
import type { Runner } from "./run.ts";

/** What every part of the toolkit is given instead of globals. A plain object: tests build their own. */
export interface Context {
  /** Where the machine's files are; `/` or a mounted or scratch machine. */
  readonly root: Root;
  /** The one writer of documents and reports. */
  readonly out: Output;
  /** Messages: prefixed on the screen, timestamped in the log file. */
  readonly log: Log;
  /** Questions and progress. */
  readonly ui: Ui;
  /** Starts child processes with a safe environment. */
  readonly run: Runner;
  /** Aborted by INT, TERM and HUP, until the point of no return. */
  readonly signal: AbortSignal;
  /** From here on signals neither abort nor end the program (an activation has started). */
  readonly passPointOfNoReturn: () => void;
  /** The clock. */
  readonly now: () => Date;
  /** The environment as it was at start. */
  readonly env: Readonly<Record<string, string>>;
}

/** Writes to the screen; a terminal or pipe that went away silences it and is never an error. */
export interface Output {
  /**
   * A block of text for people, without prefix; styles of `style.ts` are honoured. On stderr with `--json`,
   * and where the tool `printsData`.
   */
  print(text: string): void;
  /** The result of `--json`: one JSON document on stdout, headed by the tool's name and version. */
  json(document: Document): void;
  /** The result of a run that `printsData`: text of another format, on stdout. */
  data(text: string): void;
  /** A line that the same tool on another machine wrote to this stream, as it is. */
  relay(line: string, stream: "stdout" | "stderr"): void;
  /** False once the terminal or pipe of either stream went away. */
  readonly isHeard: boolean;
  /** Columns of the terminal; 80 without one. */
  readonly columns: number;
}

/** A document of `--json`, as docs/json.md describes it. Members that are not known are null, never left out. */
export interface Document {
  /** Of its shape, raised when a member goes or changes its meaning. */
  readonly version: number;
  readonly [member: string]: unknown;
}

/** Messages of one executable. Control characters are escaped; styles of `style.ts` are honoured. */
export interface Log {
  /** Shown with `--verbose`; always in the log file. */
  debug(message: string): void;
  info(message: string): void;
  /** On stderr. */
  warn(message: string): void;
  /** On stderr; `hint` says what to do next, on a line of its own. */
  error(message: string, hint?: string): void;
}

/** A choice of {@link Ui.select} and {@link Ui.multiselect}. */
export interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** What all questions have in common. `option` is named when the question cannot be asked. */
export interface Question {
  readonly message: string;
  /** The command-line option that answers this question, for example `--users`. */
  readonly option: string;
}

/**
 * Questions and progress. Without a terminal, or with `--yes`, a question takes its `default`; one
 * without a default is a ToolError (exit 4) that names `option`. Ctrl-C at a prompt is a ToolError
 * with exit 130.
 */
export interface Ui {
  /** True when questions reach a person: stdin and stderr are terminals and `--yes` was not given. */
  readonly interactive: boolean;
  confirm(question: Question & { readonly default?: boolean }): Promise<boolean>;
  text(
    question: Question & {
      readonly default?: string;
      /** Returns what is wrong with the answer, or undefined. */
      readonly validate?: (answer: string) => string | undefined;
    },
  ): Promise<string>;
  select<T>(
    question: Question & {
      readonly choices: readonly Choice<T>[];
      readonly default?: T;
      /** The choice under the cursor at first, where that is not the default. */
      readonly preselected?: T;
    },
  ): Promise<T>;
  multiselect<T>(
    question: Question & {
      readonly choices: readonly Choice<T>[];
      readonly default?: readonly T[];
    },
  ): Promise<T[]>;
  /** Long work: a bar or spinner on a terminal, a line now and then without one. */
  progress(label: string, total?: number): Progress;
}

/** Running work shown to the user. Ends with `done` or `fail`; later calls do nothing. */
export interface Progress {
  /** `position` of the `total`, with a short note such as a file name or a rate. */
  update(position: number, note?: string): void;
  done(message: string): void;
  fail(message: string): void;
}
