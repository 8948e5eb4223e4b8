import type { Screen } from "./output.ts";

/** What a question is asked with: @clack/prompts, or {@link plainPrompts}. A symbol means "stopped". */
export interface Prompts {
  confirm(question: Asked & { initialValue: boolean }): Promise<boolean | symbol>;
  text(
    question: Asked & {
      defaultValue?: string;
      placeholder?: string;
      validate: (answer: string | undefined) => string | undefined;
    },
  ): Promise<string | symbol>;
  select(
    question: Asked & { options: PromptOption[]; initialValue: number },
  ): Promise<number | symbol>;
  multiselect(
    question: Asked & { options: PromptOption[]; initialValues: number[]; required: false },
  ): Promise<number[] | symbol>;
}

/** What all of its questions have. */
export interface Asked {
  message: string;
  signal: AbortSignal;
}

interface PromptOption {
  value: number;
  label: string;
  hint?: string;
}

/** The answer when the terminal has no more to say (Ctrl-D). */
const ENDED = Symbol("end of input");

/**
 * Questions as lines of text that are answered with a line of text: no cursor movement, nothing is
 * redrawn, lists are numbered. For screen readers and for terminals that cannot draw.
 */
export function plainPrompts(screen: Screen): Prompts {
  /** Asks until `read` understands the line; it returns what to say when it does not. */
  async function ask<T>(
    prompt: string,
    signal: AbortSignal,
    read: (line: string) => { readonly answer: T } | string,
  ): Promise<T | symbol> {
    for (;;) {
      screen.stderr(`${prompt} `);
      const line = await readLine(signal);
      if (line === undefined) return ENDED;
      const understood = read(line.trim());
      if (typeof understood !== "string") return understood.answer;
      screen.stderr(`${understood}\n`);
    }
  }

  return {
    confirm: ({ message, initialValue, signal }) =>
      ask(`${message} yes or no [${initialValue ? "yes" : "no"}]:`, signal, (line) => {
        if (line === "") return { answer: initialValue };
        if (/^y(es)?$/i.test(line)) return { answer: true };
        return /^no?$/i.test(line) ? { answer: false } : "answer yes or no";
      }),
    text: ({ message, defaultValue, validate, signal }) =>
      ask(
        `${message}${defaultValue === undefined ? "" : ` [${defaultValue}]`}:`,
        signal,
        (line) => validate(line) ?? { answer: line === "" ? defaultValue ?? "" : line },
      ),
    select: ({ message, options, initialValue, signal }) => {
      screen.stderr(`${message}\n${numbered(options)}`);
      return ask(`number [${initialValue + 1}]:`, signal, (line) => {
        const index = line === "" ? initialValue : Number(line) - 1;
        return options[index] ? { answer: index } : `answer a number from 1 to ${options.length}`;
      });
    },
    multiselect: ({ message, options, initialValues, signal }) => {
      screen.stderr(`${message}\n${numbered(options)}`);
      const picked = initialValues.map((index) => index + 1).join(",") || "none";
      return ask(`numbers with commas, or none [${picked}]:`, signal, (line) => {
        if (line === "") return { answer: initialValues };
        if (line === "none") return { answer: [] };
        const indices = line.split(",").map((word) => Number(word) - 1);
        return indices.every((index) => options[index])
          ? { answer: [...new Set(indices)].sort((a, b) => a - b) }
          : `answer numbers from 1 to ${options.length}, with commas between them`;
      });
    },
  };
}

function numbered(options: readonly PromptOption[]): string {
  return options.map(({ label, hint }, index) =>
    `  ${index + 1}. ${label}${hint ? ` (${hint})` : ""}\n`
  ).join("");
}

/** A line of the terminal, which edits it; undefined at its end. @throws the reason of `signal` */
async function readLine(signal: AbortSignal): Promise<string | undefined> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(1);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    for (;;) {
      // A terminal that went away cannot be read: nobody answers.
      const read = Deno.stdin.read(buffer).catch(() => null);
      const count = await Promise.race([read, aborted]);
      if (count === null) return undefined;
      if (buffer[0] === 10) return new TextDecoder().decode(new Uint8Array(bytes));
      bytes.push(buffer[0]!);
    }
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
