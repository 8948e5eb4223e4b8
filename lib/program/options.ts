/**
 * Option declarations: one table per executable, from which parsing, `--help`, completions and manual
 * pages are made, and from which TypeScript infers the values' types.
 */
export interface OptionSpec<T> {
  readonly kind: "flag" | "value";
  readonly description: string;
  /** What `--help` has no room for: a sentence that the manual and docs/ add. */
  readonly details?: string;
  /** The value when the option is not given; `undefined` means "not given". */
  readonly default: T;
  /** How the default is shown when it is found at run time, for example `this machine's`. */
  readonly defaultText?: string;
  /** The placeholder of a value in help, for example `NAME`. */
  readonly argument?: string;
  readonly choices?: readonly string[];
  /** Whether a value has a `--no-` form, which makes it false. */
  readonly negatable?: boolean;
  /** An environment variable that sets it; the command line wins. */
  readonly env?: string;
  /** Checks and converts the text; throws {@link OptionError} with what is wrong. */
  readonly parse?: (text: string) => T;
}

/** What is wrong with an option's value; becomes exit 4 with the option named. */
export class OptionError extends Error {}

/** The options of an executable, by name. */
export type OptionTable = Readonly<Record<string, OptionSpec<unknown>>>;

/** The parsed values of a table. */
export type ValuesOf<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends OptionSpec<infer V> ? V : never;
};

/** An option that is there or not. One that is on by default also has its `--no-` form. */
export function flag(
  spec: {
    readonly description: string;
    readonly details?: string;
    readonly default?: boolean;
    /** A variable that turns it on, whatever its value, unless that is empty. */
    readonly env?: string;
  },
): OptionSpec<boolean> {
  return { kind: "flag", ...spec, default: spec.default ?? false };
}

interface ValueSpec {
  readonly argument: string;
  readonly description: string;
  readonly details?: string;
  readonly defaultText?: string;
  readonly env?: string;
}

/** An option with a text; `undefined` when it is not given and has no default. */
export function text(spec: ValueSpec & { readonly default: string }): OptionSpec<string>;
export function text(spec: ValueSpec): OptionSpec<string | undefined>;
export function text(
  spec: ValueSpec & { readonly default?: string },
): OptionSpec<string | undefined> {
  return { kind: "value", ...spec, default: spec.default };
}

/** An option whose text is one of a few words. */
export function choice<const C extends readonly string[]>(
  spec: Omit<ValueSpec, "argument"> & { readonly choices: C; readonly default: C[number] },
): OptionSpec<C[number]>;
export function choice<const C extends readonly string[]>(
  spec: Omit<ValueSpec, "argument"> & { readonly choices: C },
): OptionSpec<C[number] | undefined>;
export function choice(
  spec: Omit<ValueSpec, "argument"> & {
    readonly choices: readonly string[];
    readonly default?: string;
  },
): OptionSpec<string | undefined> {
  return { kind: "value", argument: spec.choices.join("|"), ...spec, default: spec.default };
}

/** An option whose text is checked and converted; `parse` throws {@link OptionError}. */
export function parsed<T>(
  spec: ValueSpec & { readonly parse: (text: string) => T },
): OptionSpec<T | undefined> {
  return { kind: "value", ...spec, default: undefined };
}

/** An option with a text that can also be turned off: `--no-` makes it false. */
export function textOrNone(spec: ValueSpec): OptionSpec<string | false | undefined> {
  return { kind: "value", ...spec, negatable: true, default: undefined };
}

/** A `parse` that takes what a domain function finds nothing wrong with. */
export function checked(problem: (text: string) => string | undefined): (text: string) => string {
  return (text) => {
    const found = problem(text);
    if (found) throw new OptionError(found);
    return text;
  };
}

/** A `parse` that takes whole numbers of a range. */
export function wholeNumber(least: number, most: number, what = "it is"): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new OptionError(`${what} a whole number from ${least} to ${most}`);
    }
    return value;
  };
}

/** `--confirm SECONDS`, of the tools that activate a system. */
export const confirmOption: { readonly confirm: OptionSpec<number | undefined> } = {
  confirm: parsed({
    argument: "SECONDS",
    description: "go back unless confirmed",
    details: "confirm with rebuild-helper --confirmed, or by typing keep where it waits; without " +
      "that the machine goes back to the previous system by itself, also when the tool is gone",
    defaultText: "asked over SSH",
    parse: wholeNumber(1, 86_400, "seconds are"),
  }),
};

/** `--restart-guests`, of the tools that activate a system. */
export const restartGuestsOption: { readonly restartGuests: OptionSpec<boolean> } = {
  restartGuests: flag({ description: "go on although running guests may be stopped" }),
};

/** What the tools that sync are told of the sources. @param what they do with them, a verb */
export function sourceOptions(what: string): {
  readonly ref: OptionSpec<string>;
  readonly repo: OptionSpec<string | undefined>;
  readonly forceFull: OptionSpec<boolean>;
  readonly signedBy: OptionSpec<string | false | undefined>;
} {
  return {
    ref: text({
      argument: "BRANCH|TAG|SHA",
      description: `${what} to this branch, tag or commit`,
      default: "main",
    }),
    repo: text({
      argument: "OWNER/NAME",
      description: `${what} from this repository, whatever the tree came from`,
      defaultText: "HYPERVISOR_REPO, else the tree's own, else MasterofNull/Hyper-NixOS",
    }),
    forceFull: flag({
      description: "download everything, trust nothing known locally",
      details: "neither what the last sync remembered nor the files that are there",
    }),
    signedBy: textOrNone({
      argument: "FILE",
      description: "refuse a commit that none of these has signed",
      details:
        "an SSH allowed_signers file, or keys of gpg --export; refused is also a commit that does " +
        "not come after the tree's own",
      defaultText: "/etc/hypervisor/signers if there",
    }),
  };
}

/** `--target-host HOST`, of the tools that can work on another machine. */
export function targetHostOption(
  description: string,
  details?: string,
): { readonly targetHost: OptionSpec<string | undefined> } {
  const ways =
    "as root there, or through sudo, doas or run0; ports, keys and jump hosts are ssh's " +
    "own: ~/.ssh/config, or NIX_SSHOPTS";
  return {
    targetHost: text({
      argument: "HOST",
      description,
      details: details === undefined ? ways : `${details}; ${ways}`,
    }),
  };
}

/** What every executable has, besides `--help` and `--version`. */
export const commonOptions = {
  json: flag({
    description: "one JSON document on stdout, the rest on stderr",
    details: "also when it fails",
  }),
  root: text({
    argument: "PATH",
    description: "a mounted machine",
    details: "manage the machine whose / is mounted at PATH, not the running one",
    default: "/",
    env: "HYPERVISOR_ROOT",
  }),
  yes: flag({
    description: "take the default answer to every question",
    details: "a question without a safe default still ends with exit code 4",
  }),
  verbose: flag({
    description: "show detailed output",
    details: "and what caused a failure; the log file has it always",
  }),
  plain: flag({
    description: "words for symbols, no bar",
    details: "and questions that are answered by a line: for screen readers and terminals that " +
      "cannot draw",
    env: "HYPERVISOR_PLAIN",
  }),
  color: flag({ description: "no colour (also NO_COLOR)", default: true }),
} satisfies OptionTable;

/** `checkOnly` → `--check-only`. */
export function optionName(key: string): string {
  return "--" + key.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());
}
