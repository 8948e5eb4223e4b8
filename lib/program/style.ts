/**
 * Styles as marks inside a text. Text is escaped first and coloured last: a mark is a private-use
 * code point, which the one writer turns into a terminal sequence, or drops when colour is off.
 * Meaning never depends on a style.
 */
const MARKS = {
  reset: ["\u{F0000}", "\x1b[0m"],
  bold: ["\u{F0001}", "\x1b[1m"],
  dim: ["\u{F0002}", "\x1b[2m"],
  red: ["\u{F0003}", "\x1b[31m"],
  green: ["\u{F0004}", "\x1b[32m"],
  yellow: ["\u{F0005}", "\x1b[33m"],
  blue: ["\u{F0006}", "\x1b[34m"],
  cyan: ["\u{F0007}", "\x1b[36m"],
} as const;

type StyleName = Exclude<keyof typeof MARKS, "reset">;

function wrap(name: StyleName): (text: string) => string {
  return (text) => MARKS[name][0] + text + MARKS.reset[0];
}

/** Marks a text; see the writer for what becomes of it. Styles do not nest. */
export const style: Readonly<Record<StyleName, (text: string) => string>> = {
  bold: wrap("bold"),
  dim: wrap("dim"),
  red: wrap("red"),
  green: wrap("green"),
  yellow: wrap("yellow"),
  blue: wrap("blue"),
  cyan: wrap("cyan"),
};

const SEQUENCES = new Map<string, string>(Object.values(MARKS));

/** Replaces style marks by ANSI SGR sequences (ECMA-48 8.3.117), or removes them. */
export function renderStyles(text: string, colour: boolean): string {
  return text.replace(/[\u{F0000}-\u{F0007}]/gu, (mark) => colour ? SEQUENCES.get(mark) ?? "" : "");
}

/** The number of columns a marked text takes, counting every code point but marks as one. */
export function visibleWidth(text: string): number {
  return [...renderStyles(text, false)].length;
}
