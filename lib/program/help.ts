import { EXIT_CODES } from "./exit_codes.ts";
import { isCommon, type OptionWords, optionWords } from "./option_words.ts";
import type { OptionTable } from "./options.ts";
import { wrapWords } from "../layout/table.ts";
import type { Tool } from "./tool.ts";

/** Help is as wide as the narrowest terminal that people use. */
const COLUMNS = 80;
/** A longer name gets its description on the next line. */
const WIDEST_NAME = 23;
/** So many examples, fewer where the screen is full, at least one; the manual has them all. */
const EXAMPLES = 3;
/** The lines of a screen. */
const LINES = 40;
const SHARED = "Options of every tool:";
/** Stands for a space at which no line breaks. */
const FIXED_SPACE = "\u00a0";

/** A line of help: what is typed, and what it does. */
type Entry = readonly [name: string, description: string];

/**
 * The text of `--help`: one screen of 80 columns, a tool's own options first. Notes, environment and
 * what an exit code means in particular are in the manual and in docs/, which it names. Where a tool's own
 * options need the room, those of every tool are named only.
 */
export function helpText<T extends OptionTable>(tool: Tool<T>): string {
  const { operand, handsOn } = tool;
  const own = optionEntries(optionWords(tool).filter((option) => !isCommon(option)));
  const shared = optionEntries(optionWords(tool).filter(isCommon));
  const words = operand ? Object.entries(operand.choices) : [];
  const lengths = [...own, ...shared, ...words].map(([name]) => name.length);
  const width = Math.max(...lengths.filter((length) => length <= WIDEST_NAME));
  const brief = paragraph(`${SHARED} `, shared.map(([name]) => name.replaceAll(" ", FIXED_SPACE)))
    .map((line) => line.replaceAll(FIXED_SPACE, " "));
  const help = (examples: Tool<T>["examples"], common: readonly string[]) =>
    [
      `Usage: ${tool.name} [options]${operandUsage(tool)}`,
      "",
      tool.purpose,
      ...(operand ? [`${operand.name}, ${operand.description}:`, ...table(words, width)] : [""]),
      ...(handsOn ? paragraph(`${handsOn.name}: `, [handsOn.description]) : []),
      "Options:",
      ...table(own, width),
      ...common,
      "",
      "Examples:",
      ...table(examples, Math.max(...examples.map(([command]) => command.length))),
      ...(tool.reminder ? ["", tool.reminder] : []),
      ...paragraph("Exit codes: ", EXIT_CODES.map(([code, what]) => `${code} ${what}`)),
      `More: man ${tool.name}, docs/${tool.name}.md`,
      "",
    ].join("\n");
  const counts = Array.from({ length: EXAMPLES }, (_, index) => EXAMPLES - index);
  const texts = [[SHARED, ...table(shared, width)], brief]
    .flatMap((common) => counts.map((count) => help(tool.examples.slice(0, count), common)));
  return texts.find((text) => text.trimEnd().split("\n").length <= LINES) ?? texts.at(-1)!;
}

/** ` [ACTION] [-- NIX OPTIONS]`; nothing for a tool that takes none. */
export function operandUsage({ operand, handsOn }: Takes): string {
  return (operand ? ` [${operand.name}]` : "") + (handsOn ? ` [-- ${handsOn.name}]` : "");
}

type Takes = Pick<Tool<OptionTable>, "operand" | "handsOn">;

/** One entry per option: its `--no-` form beside it, `--version` and `--help` together. */
function optionEntries(options: readonly OptionWords[]): Entry[] {
  const entries: Entry[] = [];
  for (const option of options) {
    const { key, long, short, argument } = option;
    const typed = `${short ? `-${short}, ` : ""}--${long}${argument ? ` <${argument}>` : ""}`;
    const before = entries.at(-1);
    if (key === "help" && before) {
      entries[entries.length - 1] = [`${before[0]}, ${typed}`, `${before[1]}, or this help`];
    } else if (option.negates) {
      entries[entries.length - 1] = [`${before![0]}, ${typed}`, before![1]];
    } else entries.push([typed, described(option)]);
  }
  return entries;
}

function described(option: OptionWords): string {
  const extra = [
    ...(option.default === undefined ? [] : [`default: ${option.default}`]),
    ...(option.env ? [`env: ${option.env}`] : []),
  ];
  return extra.length === 0 ? option.description : `${option.description} (${extra.join(", ")})`;
}

function table(entries: readonly Entry[], width: number): string[] {
  const indent = " ".repeat(width + 4);
  return entries.flatMap(([name, description]) => {
    const lines = wrapWords(description, COLUMNS - indent.length);
    if (name.length > width) return [`  ${name}`, ...lines.map((line) => indent + line)];
    const [first = "", ...more] = lines;
    return [`  ${name.padEnd(width)}  ${first}`, ...more.map((line) => indent + line)];
  });
}

function paragraph(heading: string, parts: readonly string[]): string[] {
  const [first = "", ...more] = wrapWords(heading + parts.join(", "), COLUMNS - 2);
  return [first, ...more.map((line) => `  ${line}`)];
}
