import { commonOptions, optionName, type OptionSpec, type OptionTable } from "./options.ts";
import type { Tool } from "./tool.ts";

/** An option as it is typed: what manual pages and completions list. */
export interface OptionWords {
  /** Its key in the table of declarations. */
  readonly key: string;
  /** Without dashes, such as `dry-run`. */
  readonly long: string;
  /** Without its dash; `--help` has one. */
  readonly short: string | undefined;
  readonly description: string;
  readonly details: string | undefined;
  /** The placeholder of its value; undefined for a flag. */
  readonly argument: string | undefined;
  readonly choices: readonly string[];
  /** The default as help shows it. */
  readonly default: string | undefined;
  readonly env: string | undefined;
  /** Whether it is the `--no-` form of the option before it. */
  readonly negates: boolean;
}

/** The description with its details. */
export function fullDescription({ description, details }: OptionWords): string {
  return details === undefined ? description : `${description}; ${details}`;
}

/** Every option of a tool in the order of its help, `--no-` forms, `--help` and `--version` included. */
export function optionWords<T extends OptionTable>(tool: Tool<T>): OptionWords[] {
  const plain = {
    short: undefined,
    details: undefined,
    argument: undefined,
    choices: [],
    default: undefined,
    env: undefined,
    negates: false,
  };
  const table: OptionTable = { ...tool.options, ...commonOptions };
  return [
    ...Object.entries(table).flatMap(([key, spec]) => wordsOf(key, spec)),
    { ...plain, key: "version", long: "version", description: "show the version" },
    { ...plain, key: "help", long: "help", short: "h", description: "show this help" },
  ];
}

function wordsOf(key: string, spec: OptionSpec<unknown>): OptionWords[] {
  const long = optionName(key).slice(2);
  const words: OptionWords = {
    key,
    long,
    short: undefined,
    description: spec.description,
    details: spec.details,
    argument: spec.kind === "flag" ? undefined : spec.argument,
    choices: spec.choices ?? [],
    default: spec.defaultText ?? (spec.kind === "value" ? asText(spec.default) : undefined),
    env: spec.env,
    negates: false,
  };
  const negated = { ...words, long: `no-${long}` };
  if (spec.negatable) {
    const off = { ...negated, argument: undefined, default: undefined, details: undefined };
    return [words, { ...off, description: `no --${long}`, negates: true }];
  }
  if (spec.kind !== "flag" || !spec.default) return [words];
  if (key === "color") return [negated];
  return [
    { ...words, default: "on" },
    { ...negated, description: `turn --${long} off`, details: undefined, negates: true },
  ];
}

function asText(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}
