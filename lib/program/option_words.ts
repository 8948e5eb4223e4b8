import { commonOptions, flag, optionName, type OptionSpec, type OptionTable } from "./options.ts";
import type { Tool } from "./tool.ts";

/** An option as it is typed: what help, manual pages and completions list. */
export interface OptionWords {
  /** Its key in the table of declarations. */
  readonly key: string;
  /** Without dashes, such as `dry-run`. */
  readonly long: string;
  /** Without its dash; `--help` has one. */
  readonly short?: string;
  readonly description: string;
  readonly details?: string | undefined;
  /** The placeholder of its value; undefined for a flag. */
  readonly argument?: string | undefined;
  readonly choices: readonly string[];
  /** The default as help shows it. */
  readonly default: string | undefined;
  readonly env?: string | undefined;
  /** Whether it is the `--no-` form of the option before it. */
  readonly negates: boolean;
}

/** Whether every tool has it. */
export function isCommon({ key }: OptionWords): boolean {
  return key in commonOptions || key in TOLD;
}

/** What is told instead of a run; it is in no table of declarations. */
const TOLD = {
  version: flag({ description: "show the version" }),
  help: flag({ description: "show this help" }),
};

/** The description with its details. */
export function fullDescription({ description, details }: OptionWords): string {
  return details === undefined ? description : `${description}; ${details}`;
}

/** Every option of a tool in the order of its help, `--no-` forms, `--help` and `--version` included. */
export function optionWords<T extends OptionTable>(tool: Tool<T>): OptionWords[] {
  const table: OptionTable = { ...tool.options, ...commonOptions, ...TOLD };
  return Object.entries(table).flatMap(([key, spec]) => wordsOf(key, spec));
}

function wordsOf(key: string, spec: OptionSpec<unknown>): OptionWords[] {
  const long = optionName(key).slice(2);
  const words: OptionWords = {
    ...spec,
    key,
    long,
    ...(key === "help" ? { short: "h" } : {}),
    choices: spec.choices ?? [],
    default: spec.defaultText ?? (spec.kind === "value" ? asText(spec.default) : undefined),
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
