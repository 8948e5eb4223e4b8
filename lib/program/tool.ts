import type { ExitCode } from "../machine/exit_code.ts";
import type { Context } from "../machine/context.ts";
import type { commonOptions, OptionTable, ValuesOf } from "./options.ts";

/** Words that a command line may have besides options. */
interface Words {
  readonly name: string;
  /** As they are typed, each with what it does. */
  readonly choices: Readonly<Record<string, string>>;
  readonly description: string;
}

/** One or more environment variables, and what they do. */
export type Variable = readonly [names: readonly string[], what: string];

/** Values of a tool's own options and of the common ones. */
export type ToolValues<T extends OptionTable> =
  & ValuesOf<T>
  & ValuesOf<typeof commonOptions>
  & {
    readonly operand: string | undefined;
    /** What stood after `--`, for a tool that hands it on. */
    readonly handedOn: readonly string[];
    /** The options that the command line has, by their names in the tables. */
    readonly given: ReadonlySet<string>;
  };

/** One executable: what it is called, what it takes, what it does. */
export interface Tool<T extends OptionTable> {
  readonly name: string;
  /** One sentence, for the head of `--help`. */
  readonly purpose: string;
  readonly options: T;
  /** The word that may follow the options, for example rebuild-helper's ACTION. */
  readonly operand?: Words;
  /** Words after `--` that go on to another program, for example rebuild-helper's options for Nix. */
  readonly handsOn?: Words;
  /** Command lines worth knowing, each with what it does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Lines (80 columns) that nobody should have to look up, at the end of `--help`. */
  readonly reminder?: string;
  /** What the manual and docs/ say further; `--help` fits on one screen without it. */
  readonly notes?: string;
  /** Variables that mean something to it, each with what; those of {@link commonEnvironment} too. */
  readonly environment?: readonly Variable[];
  /** Exit codes that mean something particular here; the general table is always shown. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  /** Starts error lines in place of `[name] error:`. */
  readonly errorPrefix?: string;
  /** Whether this run changes what only root may change. */
  readonly needsRoot: (values: ToolValues<T>) => boolean;
  /** Whether this run may write anything at all, its log included. */
  readonly writesLog: (values: ToolValues<T>) => boolean;
  /** Whether this run may ask questions; it may when not given. `--yes` silences any. */
  readonly asks?: (values: ToolValues<T>) => boolean;
  /** Whether stdout is a program's in this run, besides with `--json`: all else goes to stderr. */
  readonly printsData?: (values: ToolValues<T>) => boolean;
  /**
   * Begins what may begin before there is a context, because it takes longer than a program to get ready.
   * It reads only, and never throws.
   */
  readonly begin?: (values: ToolValues<T>) => Promise<void>;
  /** Does the job. Returns the exit code, 0 when it returns nothing. */
  readonly run: (ctx: Context, values: ToolValues<T>) => Promise<ExitCode | void>;
}
