import { printableLine } from "../layout/printable.ts";
import { nearestName } from "../layout/nearest_name.ts";
import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import {
  commonOptions,
  OptionError,
  optionName,
  type OptionSpec,
  type OptionTable,
} from "./options.ts";
import type { Tool, ToolValues } from "./tool.ts";

/** What a command line asks for: to be told something, or a run with these values. */
export type ParsedCommandLine<T extends OptionTable> =
  | { readonly kind: "help" | "version" }
  | { readonly kind: "run"; readonly values: ToolValues<T> };

/** What an argument such as `--no-force` means. */
interface Named {
  readonly key: string;
  readonly spec: OptionSpec<unknown>;
  /** False for a `--no-` form. */
  readonly on: boolean;
}

/** Whose arguments they are. */
type Taker = Pick<Tool<OptionTable>, "name" | "operand" | "handsOn">;

/** An option's text, and where it was found. */
interface Given {
  readonly text: string;
  readonly from: "the command line" | "a variable";
}

/**
 * Parses a tool's arguments: `--name VALUE`, `--name=VALUE`, flags with their `--no-` forms, in any order
 * and the last one counting; after `--` there are none. Every start of a program waits for it, so it
 * is small: a library took a fifth of the CPU of a run that finds nothing to do.
 * @throws ToolError exit 4, with the nearest name for a misspelt option; also for a value that is empty
 *   or holds a control character: none of ours has a use for such, and a line of a log is one line
 */
export function parseCommandLine<T extends OptionTable>(
  tool: Tool<T>,
  args: readonly string[],
): ParsedCommandLine<T> {
  const table: OptionTable = { ...tool.options, ...commonOptions };
  const names = namesOf(table);
  const given = new Map<string, Given | boolean>();
  const operands: string[] = [];
  const handedOn: string[] = [];
  // Help is also for those who typed something wrong before it.
  let problem: ToolError | undefined;
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    if (argument === "--") {
      (tool.handsOn ? handedOn : operands).push(...args.slice(at + 1));
      break;
    }
    if (argument === "-h" || argument === "--help") return { kind: "help" };
    if (argument === "--version") return { kind: "version" };
    if (!argument.startsWith("-") || argument === "-") {
      operands.push(argument);
      continue;
    }
    const [name, inline] = split(argument);
    const option = names.get(name);
    if (option === undefined) problem ??= unknownOption(tool, name, [...names.keys()]);
    else if (option.spec.kind === "value" && option.on) {
      const text = inline ?? args[++at];
      if (text === undefined) problem ??= refusal(tool, `${typed(option)} argument missing`);
      else given.set(option.key, { text, from: "the command line" });
    } else if (inline === undefined) given.set(option.key, option.on);
    else problem ??= refusal(tool, `option '${name}' takes no value`);
  }
  if (problem) throw problem;

  const values: Record<string, unknown> = {
    operand: operandOf(tool, operands),
    handedOn,
    given: new Set(given.keys()),
  };
  for (const [key, spec] of Object.entries(table)) {
    const value = given.get(key) ?? fromVariable(spec);
    if (typeof value === "object") values[key] = valueOf(tool, { key, spec, on: true }, value);
    else if ((value ?? spec.default) !== undefined) values[key] = value ?? spec.default;
  }
  return { kind: "run", values: values as ToolValues<T> };
}

/** All options as they are typed. */
function namesOf(table: OptionTable): Map<string, Named> {
  const names = new Map<string, Named>();
  for (const [key, spec] of Object.entries(table)) {
    const name = optionName(key);
    // Colour is on wherever there can be any.
    if (key !== "color") names.set(name, { key, spec, on: true });
    const isOn = spec.kind === "flag" && spec.default === true;
    if (isOn || spec.negatable) names.set(name.replace("--", "--no-"), { key, spec, on: false });
  }
  return names;
}

function split(argument: string): [name: string, inline: string | undefined] {
  const equals = argument.indexOf("=");
  return equals < 0
    ? [argument, undefined]
    : [argument.slice(0, equals), argument.slice(equals + 1)];
}

/** What an option's variable says. One that is set to nothing is not set. */
function fromVariable({ env, kind }: OptionSpec<unknown>): Given | boolean | undefined {
  const text = env === undefined ? undefined : Deno.env.get(env) || undefined;
  if (text === undefined) return undefined;
  return kind === "flag" || { text, from: "a variable" };
}

function valueOf(tool: Taker, option: Named, { text, from }: Given): unknown {
  const { choices, parse, env } = option.spec;
  const place = from === "a variable" ? ` from the variable ${env}` : "";
  const invalid = `${typed(option)} argument '${printableLine(text)}'${place} is invalid`;
  if (text === "") throw refusal(tool, `${invalid}. It is empty`);
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text)) throw refusal(tool, `${invalid}. It holds a control character`);
  if (choices && !choices.includes(text)) throw noChoice(tool, invalid, text, choices);
  try {
    return parse ? parse(text) : text;
  } catch (error) {
    if (error instanceof OptionError) throw refusal(tool, `${invalid}. ${error.message}`);
    throw error;
  }
}

function operandOf(tool: Taker, operands: readonly string[]): string | undefined {
  const { operand } = tool;
  const [word] = operands;
  if (operands.length > (operand ? 1 : 0)) {
    throw refusal(tool, `too many arguments: ${operands.join(" ")}`);
  }
  if (word === undefined || operand === undefined) return undefined;
  const words = Object.keys(operand.choices);
  if (words.includes(word)) return word;
  throw noChoice(tool, `'${word}' is not an ${operand.name}`, word, words);
}

/** `option '--ref <BRANCH>'`. */
function typed({ key, spec }: Named): string {
  return `option '${optionName(key)} <${spec.argument}>'`;
}

function unknownOption(tool: Taker, name: string, names: readonly string[]): ToolError {
  if (Object.keys(tool.handsOn?.choices ?? {}).some((typed) => typed.split(" ")[0] === name)) {
    return new ToolError(`${name} is an option of Nix`, {
      code: ExitCode.InvalidArguments,
      hint: `those stand at the end, after --: ${tool.name} … -- ${name}`,
    });
  }
  const bare = (option: string) => option.replace(/^-+/, "");
  const nearest = nearestName(bare(name), [...names, "--help", "--version"].map(bare));
  return refusal(tool, `unknown option '${name}'`, nearest && `--${nearest}`);
}

function noChoice(
  tool: Taker,
  message: string,
  text: string,
  choices: readonly string[],
): ToolError {
  const allowed = `${message}. Allowed choices are ${choices.join(", ")}`;
  return refusal(tool, allowed, nearestName(text, choices));
}

function refusal(tool: Taker, message: string, nearest?: string): ToolError {
  return new ToolError(message, {
    code: ExitCode.InvalidArguments,
    hint: nearest ? `did you mean ${nearest}?` : `see ${tool.name} --help`,
  });
}
