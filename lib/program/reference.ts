import { commonEnvironment } from "./environment.ts";
import { EXIT_CODES, exitCodeMeanings } from "./exit_codes.ts";
import { visibleWidth } from "../layout/style.ts";
import { fullDescription, isCommon, type OptionWords, optionWords } from "./option_words.ts";
import type { OptionTable } from "./options.ts";
import type { Tool, Variable } from "./tool.ts";

/** The parts of a tool's page in docs/ that are made of its declaration, by the name of their marks. */
export function referenceParts<T extends OptionTable>(tool: Tool<T>): Map<string, string> {
  const options = optionWords(tool);
  const parts = new Map([
    ["options", optionTable(options.filter((option) => !isCommon(option)))],
    ["common options", optionTable(options.filter(isCommon))],
    ["environment", environmentTable([...tool.environment ?? [], ...commonEnvironment])],
    [
      "exit codes",
      markdownTable(
        ["exit code", "meaning"],
        exitCodeMeanings(tool).map(([code, meaning]) => [String(code), meaning]),
      ),
    ],
    ["examples", exampleBlock(tool.examples)],
  ]);
  if (tool.operand) {
    const rows = Object.entries(tool.operand.choices).map(([word, what]) => [code(word), what]);
    parts.set("actions", markdownTable([tool.operand.name, "what it does"], rows));
  }
  if (tool.handsOn) {
    const rows = Object.entries(tool.handsOn.choices).map(([typed, what]) => [code(typed), what]);
    parts.set("handed on", markdownTable(["after `--`", "what it does"], rows));
  }
  return parts;
}

/** Marks around a part that is made, in Markdown's form of a comment. */
const PART = /<!-- made: ([a-z ]+) -->\n[^]*?<!-- end -->/g;

/** The exit codes of all tools in one table, with what is particular to each. */
export function exitCodeTable(
  tools: readonly Pick<Tool<OptionTable>, "name" | "exitCodes">[],
): string {
  const rows = EXIT_CODES.map(([code, meaning]) => {
    const special = tools.flatMap(({ name, exitCodes }) =>
      exitCodes?.[code] === undefined ? [] : [`${name}: ${exitCodes[code]}`]
    );
    return [String(code), meaning, special.join(". ")];
  });
  return markdownTable(["exit code", "meaning", "in particular"], rows);
}

/**
 * A page with the parts between its marks renewed.
 * @param parts by the name in the marks
 * @throws Error for a mark that no part has, and for a part that the page has no marks for
 */
export function renewPage(page: string, parts: ReadonlyMap<string, string>): string {
  const missing = new Set(parts.keys());
  const renewed = page.replace(PART, (_, name: string) => {
    const part = parts.get(name);
    if (part === undefined) throw new Error(`nothing makes "${name}"`);
    missing.delete(name);
    return `<!-- made: ${name} -->\n\n${part}\n\n<!-- end -->`;
  });
  if (missing.size > 0) throw new Error(`there are no marks for: ${[...missing].join(", ")}`);
  return renewed;
}

function optionTable(options: readonly OptionWords[]): string {
  return markdownTable(
    ["option", "default", "what it does"],
    options.map((option) => {
      const { key, long, short, argument, default: value, env } = option;
      const description = fullDescription(option);
      return [
        code(`${short ? `-${short}, ` : ""}--${long}${argument ? ` ${argument}` : ""}`),
        value ?? (argument === undefined && !["version", "help"].includes(key) ? "off" : ""),
        env ? `${description} (or ${code(env)})` : description,
      ];
    }),
  );
}

function environmentTable(variables: readonly Variable[]): string {
  const rows = variables.map(([names, what]) => [names.map(code).join(", "), what]);
  return markdownTable(["variable", "what it does"], rows);
}

function exampleBlock(examples: readonly (readonly [string, string])[]): string {
  const lines = examples.flatMap(([command, what]) => [`# ${what}`, command, ""]);
  return ["```sh", ...lines.slice(0, -1), "```"].join("\n");
}

/** Aligned as `deno fmt` aligns tables, so that it leaves them alone. */
function markdownTable(
  headings: readonly string[],
  cells: readonly (readonly string[])[],
): string {
  const rows = cells.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = headings.map((heading, column) =>
    Math.max(visibleWidth(heading), 3, ...rows.map((row) => visibleWidth(row[column]!)))
  );
  const line = (row: readonly string[]) =>
    `| ${
      row.map((cell, column) => cell + " ".repeat(widths[column]! - visibleWidth(cell))).join(" | ")
    } |`;
  return [line(headings), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)]
    .join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}
