import { ExitCode } from "./exit_code.ts";

/** What a {@link ToolError} is made of, besides its message. */
export interface ToolErrorOptions {
  /** What the user can do next: a command to type, an option to add. */
  readonly hint?: string;
  /** The exit code the executable ends with; `ExitCode.General` when not given. */
  readonly code?: ExitCode;
  /** The lower error, shown with `--verbose`. */
  readonly cause?: unknown;
}

/**
 * A failure that a user can meet and act on. `message` says what happened and to what (path, ref,
 * host), without a final period; `hint` says what to do next. Everything that is not a ToolError is a
 * bug of the toolkit and is reported as one.
 */
export class ToolError extends Error {
  override readonly name = "ToolError";
  readonly hint: string | undefined;
  readonly code: ExitCode;

  constructor(message: string, options: ToolErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.code = options.code ?? ExitCode.General;
  }
}

/** Ctrl-C at a question. No {@link ToolError}: who copes with failures must not take it for one. */
export class QuestionCancelled extends Error {
  override readonly name = "QuestionCancelled";
  readonly hint: string;

  constructor(message: string, { hint }: { readonly hint: string }) {
    super(message);
    this.hint = hint;
  }
}
