import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ExitCode } from "../machine/exit_code.ts";
import { nearestName } from "../layout/nearest_name.ts";
import { ToolError } from "../machine/tool_error.ts";
import { helpText, operandUsage } from "./help.ts";
import {
  commonOptions,
  OptionError,
  optionName,
  type OptionSpec,
  type OptionTable,
} from "./options.ts";
import type { Tool, ToolValues } from "./tool.ts";

/** What a command line asks for: text to print, or a run with these values. */
export type ParsedCommandLine<T extends OptionTable> =
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "run"; readonly values: ToolValues<T> };

/**
 * Parses a tool's arguments.
 * @param version what `--version` prints
 * @throws ToolError exit 4, with the nearest name for a misspelt option
 */
export function parseCommandLine<T extends OptionTable>(
  tool: Tool<T>,
  args: readonly string[],
  version: string,
): ParsedCommandLine<T> {
  const end = tool.handsOn === undefined ? -1 : args.indexOf("--");
  const [own, handedOn] = end < 0 ? [args, []] : [args.slice(0, end), args.slice(end + 1)];
  const printed: string[] = [];
  const command = buildCommand(tool, version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => printed.push(text),
      writeErr: () => {},
    });
  try {
    command.parse([...own], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "print", text: printed.join("") };
    throw usageError(tool.name, error);
  }
  // A variable that is set to nothing is one that is not set.
  for (const [key, spec] of Object.entries({ ...tool.options, ...commonOptions })) {
    const set = spec.env !== undefined && command.getOptionValueSource(key) === "env";
    if (set && Deno.env.get(spec.env!) === "") {
      command.setOptionValueWithSource(key, spec.default, "default");
    }
  }
  const given = Object.keys(command.opts())
    .filter((key) => command.getOptionValueSource(key) === "cli");
  const values: object = {
    ...command.opts(),
    operand: command.args[0],
    handedOn,
    given: new Set(given),
  };
  return { kind: "run", values: values as ToolValues<T> };
}

function buildCommand<T extends OptionTable>(tool: Tool<T>, version: string): Command {
  const command = new Command(tool.name)
    .version(`${tool.name} ${version}`, "--version")
    .helpOption("-h, --help")
    .usage(`[options]${operandUsage(tool)}`)
    .configureHelp({ formatHelp: () => helpText(tool) });
  for (const [key, spec] of Object.entries({ ...tool.options, ...commonOptions })) {
    for (const option of commanderOptions(key, spec)) command.addOption(option);
  }
  if (tool.operand) {
    const { name, choices } = tool.operand;
    command.addArgument(command.createArgument(`[${name}]`).choices(Object.keys(choices)));
  }
  return command;
}

/** Only what parsing needs: descriptions and defaults are shown by {@link helpText}. */
function commanderOptions(key: string, spec: OptionSpec<unknown>): Option[] {
  const name = optionName(key);
  if (spec.kind === "flag") {
    const negated = new Option(name.replace(/^--/, "--no-"));
    if (key === "color") return [negated];
    const option = new Option(name).default(spec.default);
    if (spec.env) option.env(spec.env);
    return spec.default ? [option, negated] : [option];
  }
  const option = new Option(`${name} <${spec.argument}>`);
  if (spec.choices) option.choices([...spec.choices]);
  if (spec.default !== undefined) option.default(spec.default);
  if (spec.env) option.env(spec.env);
  if (spec.parse) {
    const parse = spec.parse;
    option.argParser((value: string) => {
      try {
        return parse(value);
      } catch (error) {
        if (error instanceof OptionError) throw new InvalidArgumentError(error.message);
        throw error;
      }
    });
  }
  return [option];
}

/** Commander's sentence without its own prefix; its suggestion becomes the hint. */
function usageError(name: string, error: CommanderError): ToolError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  // What commander says of a word that is none of the choices is no sentence for people.
  const message = first.replace(
    /^command-argument value '(.*)' is invalid for argument '(.*?)'\./,
    "'$1' is not an $2.",
  );
  const [, word, choices] = /'([^']*)' is .*Allowed choices are (.*?)\.?$/.exec(message) ?? [];
  const suggestion = word !== undefined && choices !== undefined
    ? nearestName(word, choices.split(", "))
    : rest.join(" ").match(/Did you mean (.+)\?/)?.[1];
  return new ToolError(message.replace(/\.$/, ""), {
    code: ExitCode.InvalidArguments,
    hint: suggestion ? `did you mean ${suggestion}?` : `see ${name} --help`,
    cause: error,
  });
}
