import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
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
  const printed: string[] = [];
  const command = buildCommand(tool, version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => printed.push(text),
      writeErr: () => {},
      getOutHelpWidth: () => 80,
    });
  try {
    command.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "print", text: printed.join("") };
    throw usageError(tool.name, error);
  }
  // A variable that is set to nothing is one that is not set.
  for (const [key, spec] of Object.entries({ ...tool.options, ...commonOptions })) {
    const empty = command.getOptionValue(key) === "" && command.getOptionValueSource(key) === "env";
    if (empty) command.setOptionValueWithSource(key, spec.default, "default");
  }
  const values = { ...command.opts(), operand: command.args[0] };
  return { kind: "run", values: values as ToolValues<T> };
}

/** The text of `--help`. */
export function helpText<T extends OptionTable>(tool: Tool<T>, version: string): string {
  const parsed = parseCommandLine(tool, ["--help"], version);
  return parsed.kind === "print" ? parsed.text : "";
}

function buildCommand<T extends OptionTable>(tool: Tool<T>, version: string): Command {
  const command = new Command(tool.name)
    .description(tool.purpose)
    .version(`${tool.name} ${version}`, "--version", "show the version")
    .helpOption("-h, --help", "show this help")
    .usage(`[options]${operandUsage(tool)}`)
    .addHelpText("after", helpTail(tool));
  for (const [key, spec] of Object.entries({ ...tool.options, ...commonOptions })) {
    for (const option of commanderOptions(key, spec)) command.addOption(option);
  }
  if (tool.operand) {
    const { name, choices, required, description } = tool.operand;
    const argument = command.createArgument(required ? `<${name}>` : `[${name}]`, description);
    command.addArgument(argument.choices([...choices]));
  }
  return command;
}

function operandUsage(tool: { readonly operand?: Tool<OptionTable>["operand"] }): string {
  if (!tool.operand) return "";
  return tool.operand.required ? ` ${tool.operand.name}` : ` [${tool.operand.name}]`;
}

function commanderOptions(key: string, spec: OptionSpec<unknown>): Option[] {
  const name = optionName(key);
  const short = spec.short ? `-${spec.short}, ` : "";
  if (spec.kind === "flag") {
    const negated = new Option(name.replace(/^--/, "--no-"), spec.description);
    if (key === "color") return [negated];
    const option = new Option(`${short}${name}`, spec.description).default(
      spec.default,
      spec.default === true ? "on" : "off",
    );
    if (!spec.default) return [option];
    return [option, new Option(`--no-${name.slice(2)}`, `turn ${name} off`)];
  }
  // Commander shows no default where the value is undefined.
  const found = spec.default === undefined && spec.defaultText !== undefined;
  const option = new Option(
    `${short}${name} <${spec.argument}>`,
    found ? `${spec.description} (default: ${spec.defaultText})` : spec.description,
  );
  if (spec.choices) option.choices([...spec.choices]);
  if (spec.default !== undefined) {
    option.default(spec.default, spec.defaultText ?? String(spec.default));
  }
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
  const suggestion = rest.join(" ").match(/Did you mean (.+)\?/)?.[1];
  return new ToolError(first.replace(/\.$/, ""), {
    code: ExitCode.InvalidArguments,
    hint: suggestion ? `did you mean ${suggestion}?` : `see ${name} --help`,
    cause: error,
  });
}

/** The exit codes every tool has, with what they mean. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [ExitCode.Success, "success"],
  [ExitCode.General, "general error"],
  [ExitCode.MissingDependency, "missing dependency"],
  [ExitCode.PermissionDenied, "permission denied"],
  [ExitCode.InvalidArguments, "invalid arguments"],
  [ExitCode.Network, "network error"],
  [ExitCode.Configuration, "configuration error"],
  [ExitCode.Interrupted, "Ctrl-C (128 + N for signal N)"],
];

function helpTail<T extends OptionTable>(tool: Tool<T>): string {
  const lines = ["", "Examples:"];
  for (const [command, what] of tool.examples) lines.push(`  ${command}`, `      ${what}`);
  if (tool.notes) lines.push("", tool.notes);
  lines.push("", "Exit codes:");
  for (const [code, meaning] of EXIT_CODES) {
    const special = tool.exitCodes?.[code];
    lines.push(`  ${String(code).padStart(3)}  ${special ? `${meaning}: ${special}` : meaning}`);
  }
  return lines.join("\n");
}
