import { commonEnvironment } from "./environment.ts";
import { exitCodeMeanings } from "./exit_codes.ts";
import { operandUsage } from "./help.ts";
import { fullDescription, optionWords } from "./option_words.ts";
import type { OptionTable } from "./options.ts";
import type { Tool } from "./tool.ts";

/**
 * A tool's manual page, section 8, made of what `--help` is made of; man(7).
 * @param summary one line for whatis(1)
 * @param version shown in the footer; no date is, so that the page is the same whenever it is made
 */
export function manualPage<T extends OptionTable>(
  tool: Tool<T>,
  summary: string,
  version: string,
): string {
  const { operand, handsOn } = tool;
  const name = escape(tool.name);
  const lines = [
    `.TH ${tool.name.toUpperCase()} 8 "" "hyper\\-nixos ${escape(version)}"`,
    ".SH NAME",
    `${name} \\- ${escape(summary)}`,
    ".SH SYNOPSIS",
    `.B ${name}`,
    `[options]${operandUsage(tool)}`,
    ".SH DESCRIPTION",
    ...tool.purpose.split("\n").map(textLine),
    ".SH OPTIONS",
  ];
  for (const option of optionWords(tool)) {
    const short = option.short ? `\\fB\\-${option.short}\\fR, ` : "";
    const value = option.argument === undefined ? "" : ` \\fI${escape(option.argument)}\\fR`;
    lines.push(".TP", `${short}\\fB\\-\\-${escape(option.long)}\\fR${value}`);
    lines.push(textLine(`${fullDescription(option)}.`));
    if (option.choices.length > 0) lines.push(textLine(`One of: ${option.choices.join(", ")}.`));
    if (option.default !== undefined) lines.push(textLine(`Default: ${option.default}.`));
    if (option.env) lines.push(textLine(`Environment: ${option.env}.`));
  }
  if (operand) {
    lines.push(".TP", `\\fI${escape(operand.name)}\\fR`, textLine(`${operand.description}:`));
    for (const [word, what] of Object.entries(operand.choices)) {
      lines.push(".br", textLine(`${word}: ${what}`));
    }
  }
  if (handsOn) {
    lines.push(`.SH ${escape(handsOn.name)}`, textLine(`After --: ${handsOn.description}.`));
    for (const [typed, what] of Object.entries(handsOn.choices)) {
      lines.push(".TP", `\\fB${escape(typed)}\\fR`, textLine(`${what}.`));
    }
  }
  if (tool.notes) lines.push(".SH NOTES", ".nf", ...tool.notes.split("\n").map(textLine), ".fi");
  lines.push(".SH EXIT STATUS");
  for (const [code, meaning] of exitCodeMeanings(tool)) {
    lines.push(".TP", String(code), textLine(meaning));
  }
  lines.push(".SH ENVIRONMENT");
  for (const [names, what] of [...tool.environment ?? [], ...commonEnvironment]) {
    lines.push(".TP", names.map((name) => `\\fB${name}\\fR`).join(", "), textLine(what));
  }
  lines.push(".SH EXAMPLES");
  for (const [command, what] of tool.examples) {
    lines.push(".TP", `\\fB${escape(command)}\\fR`, textLine(what));
  }
  return lines.join("\n") + "\n";
}

/** A line that is text, whatever it begins with; an empty one must not be empty. */
function textLine(text: string): string {
  const escaped = escape(text);
  return escaped === "" || /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...");
}
