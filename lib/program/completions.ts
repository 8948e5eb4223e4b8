import { type OptionWords, optionWords } from "./option_words.ts";
import type { OptionTable } from "./options.ts";
import type { Tool } from "./tool.ts";

/** Completion for bash: options, their choices, paths, the operand's words, and what is handed on. */
export function bashCompletion<T extends OptionTable>(tool: Tool<T>): string {
  const options = optionWords(tool);
  const name = functionName(tool);
  const values = options.filter((option) => option.argument !== undefined);
  return [
    `${name}() {`,
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} word",
    "  COMPREPLY=()",
    ...(tool.handsOn
      ? [
        '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        "    [[ $word == -- ]] || continue",
        `    COMPREPLY=($(compgen -W '${handedWords(tool)}' -- "$cur"))`,
        "    return",
        "  done",
      ]
      : []),
    '  case "$prev" in',
    ...values.map((option) => `    ${patterns(option).join("|")}) ${bashValue(option)}; return ;;`),
    "  esac",
    '  case "$cur" in',
    `    -*) COMPREPLY=($(compgen -W '${options.flatMap(patterns).join(" ")}' -- "$cur")) ;;`,
    `    *) COMPREPLY=($(compgen -W '${operandWords(tool)}' -- "$cur")) ;;`,
    "  esac",
    "}",
    `complete -F ${name} ${tool.name}`,
    "",
  ].join("\n");
}

function bashValue(option: OptionWords): string {
  if (option.choices.length > 0) {
    return `COMPREPLY=($(compgen -W '${option.choices.join(" ")}' -- "$cur"))`;
  }
  // One name per line, so that those with spaces stay whole.
  return option.argument === "PATH"
    ? 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")'
    : ":";
}

/** Completion for zsh, as a file of a folder on fpath. */
export function zshCompletion<T extends OptionTable>(tool: Tool<T>): string {
  const specs = optionWords(tool).flatMap((option) =>
    patterns(option).map((pattern) => {
      const value = option.argument === undefined
        ? ""
        : `:${zshText(option.argument)}:${zshValue(option)}`;
      return `'${pattern}[${zshText(option.description)}]${value}'`;
    })
  );
  if (tool.operand) specs.push(`'1:${tool.operand.name}:(${operandWords(tool)})'`);
  // -S: none of its own options after --.
  if (tool.handsOn) specs.unshift("-S");
  if (tool.handsOn) specs.push(`'*:${zshText(tool.handsOn.name)}:(${handedWords(tool)})'`);
  return `#compdef ${tool.name}\n\n_arguments \\\n  ${specs.join(" \\\n  ")}\n`;
}

function zshValue(option: OptionWords): string {
  if (option.choices.length > 0) return `(${option.choices.join(" ")})`;
  return option.argument === "PATH" ? "_files" : " ";
}

/** Inside single quotes and an _arguments specification. */
function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, "\\$&").replaceAll("'", `'\\''`);
}

/** Completion for fish. */
export function fishCompletion<T extends OptionTable>(tool: Tool<T>): string {
  const quoted = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = optionWords(tool).map((option) =>
    [
      `complete -c ${tool.name} -l ${option.long}`,
      ...(option.short ? [`-s ${option.short}`] : []),
      `-d ${quoted(option.description)}`,
      ...fishValue(option, quoted),
    ].join(" ")
  );
  const words = tool.operand ? ` -a ${quoted(operandWords(tool))}` : "";
  const handed = tool.handsOn
    ? [
      `complete -c ${tool.name} -n 'contains -- -- (commandline -opc)' -a ${
        quoted(handedWords(tool))
      }`,
    ]
    : [];
  return [`complete -c ${tool.name} -f${words}`, ...lines, ...handed, ""].join("\n");
}

function fishValue(option: OptionWords, quoted: (text: string) => string): string[] {
  if (option.argument === undefined) return [];
  if (option.choices.length > 0) return ["-x", "-a", quoted(option.choices.join(" "))];
  return [option.argument === "PATH" ? "-r -F" : "-x"];
}

function operandWords(tool: Pick<Tool<OptionTable>, "operand">): string {
  return Object.keys(tool.operand?.choices ?? {}).join(" ");
}

/** The names of what is handed on, without the placeholders of their values. */
function handedWords({ handsOn }: Pick<Tool<OptionTable>, "handsOn">): string {
  return Object.keys(handsOn?.choices ?? {}).map((typed) => typed.split(" ")[0]).join(" ");
}

function patterns(option: OptionWords): string[] {
  return [`--${option.long}`, ...(option.short ? [`-${option.short}`] : [])];
}

function functionName(tool: { readonly name: string }): string {
  return `_${tool.name.replaceAll("-", "_")}`;
}
