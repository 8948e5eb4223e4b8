import { style, visibleWidth } from "./style.ts";

/** The gap between columns. */
const GAP = 2;
/** With fewer columns a text of more than two lines in the last one would be a ladder of words. */
const NARROW = 32;
/** Where such a text begins instead. */
const BELOW = "      ";

/**
 * Aligned columns under bold headings. The last column takes what is left of the width, continued on
 * further lines, or below its row where little is left; the others are as wide as their widest cell. A
 * row that is wider than the terminal even so has its cells one after the other, on as many lines as it
 * takes.
 * @param columns width of the terminal
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
): string {
  const last = headings.length - 1;
  const widths = headings.map((heading, column) =>
    Math.max(visibleWidth(heading), ...rows.map((row) => visibleWidth(row[column] ?? "")))
  );
  const used = widths.slice(0, last).reduce((sum, width) => sum + width + GAP, 0);
  const room = columns - used - 2;
  const line = (cells: readonly string[]) => {
    const text = cells[last] ?? "";
    const head = cells.slice(0, last).map((cell, column) => pad(cell, widths[column]! + GAP));
    if (visibleWidth("  " + head.join("").trimEnd()) > columns) return flowing(cells, columns);
    const parts = wrapWords(text, room);
    const fits = parts.every((part) => visibleWidth(part) <= room);
    if (!fits || room < NARROW && parts.length > 2) {
      const below = wrapWords(text, columns - BELOW.length).map((part) => BELOW + part);
      return ["  " + head.join(""), ...below].map((text) => text.trimEnd()).filter((text) => text);
    }
    const [first = "", ...more] = parts;
    return ["  " + head.join("") + first, ...more.map((part) => " ".repeat(used + 2) + part)]
      .map((text) => text.trimEnd());
  };
  const shown = headings.some((heading) => heading !== "") ? [line(headings).map(style.bold)] : [];
  return [...shown, ...rows.map(line)].flat().join("\n");
}

function flowing(cells: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  const parts = cells.flatMap((cell) => wrapWords(cell, columns - BELOW.length));
  for (const part of parts.filter((part) => part !== "")) {
    const line = lines.at(-1);
    if (line !== undefined && visibleWidth(line) + GAP + visibleWidth(part) <= columns) {
      lines[lines.length - 1] = line + " ".repeat(GAP) + part;
    } else lines.push((line === undefined ? "  " : BELOW) + part);
  }
  return lines;
}

/** Breaks a text at spaces so that no part is wider than `width`, unless a single word is. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && visibleWidth(line) + 1 + visibleWidth(word) <= width) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** A paragraph whose further lines are indented below its first. */
export function hanging(text: string, columns: number): string[] {
  return wrapWords(text, columns - 6).map((line, index) => (index === 0 ? "  " : "    ") + line);
}

/** A text of at most so many characters, its end cut off where it is longer. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - visibleWidth(text)));
}
